/// A name and password as a client gives them.
public struct BackingCredentials: Hashable, Sendable {
    /// nil = the default user.
    public var username: String?
    /// In the clear; no description of this value shows it.
    public var password: String

    /// Credentials of `username`, or of the default user.
    public init(username: String?, password: String) {
        self.username = username
        self.password = password
    }

    /// `AUTH` with these credentials. Without a name it is the form that servers before ACLs know, too.
    var command: [[UInt8]] {
        [Array("AUTH".utf8)] + (self.username.map { [Array($0.utf8)] } ?? []) + [Array(self.password.utf8)]
    }

    /// A server without `AUTH` (renamed, say) repeats the arguments of what it does not know. Nobody is to read the password there.
    static func withoutEcho(_ error: [UInt8]) -> [UInt8] {
        guard error.starts(with: "ERR unknown command".utf8) else { return error }
        return Array("ERR unknown command 'AUTH'".utf8)
    }
}

extension BackingCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name only.
    public var description: String { "credentials of \(self.username ?? "the default user")" }
    /// The name only.
    public var debugDescription: String { self.description }
    /// The name only.
    public var customMirror: Mirror { Mirror(self, children: ["username": self.username as Any]) }
}
