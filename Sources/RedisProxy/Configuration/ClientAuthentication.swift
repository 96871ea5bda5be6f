/// Who may be answered from the cache where the backing needs a password.
enum ClientAuthentication: String, Sendable, CaseIterable {
    /// Whom the server lets in as the user whose values the cache holds.
    case server
    /// Everybody: the operator says so.
    case trust
}
