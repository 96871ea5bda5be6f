@testable import BackingClient

extension BackingCredentials {
    /// Credentials that are text.
    static func text(_ username: String?, _ password: String) -> BackingCredentials {
        BackingCredentials(username: username.map { Array($0.utf8) }, password: Array(password.utf8))
    }
}
