/// A name and password as a client gives them: bytes, as they are to the server.
public struct BackingCredentials: Hashable, Sendable {
    /// nil = the default user.
    public var username: [UInt8]?
    /// In the clear; no description of this value shows it.
    public var password: [UInt8]

    /// Credentials of `username`, or of the default user.
    public init(username: [UInt8]?, password: [UInt8]) {
        self.username = username
        self.password = password
    }

    /// `AUTH` with these credentials. Without a name it is the form that servers before ACLs know, too.
    package var command: [[UInt8]] {
        [Array("AUTH".utf8)] + (self.username.map { [$0] } ?? []) + [self.password]
    }

    /// A server without `AUTH` (renamed, say) repeats the arguments of what it does not know. Nobody is to read the password there.
    package static func withoutEcho(_ error: [UInt8]) -> [UInt8] {
        guard error.starts(with: "ERR unknown command".utf8) else { return error }
        return Array("ERR unknown command 'AUTH'".utf8)
    }

    /// Whether an error is one that `AUTH` gives whatever the credentials are.
    package static func saysNothingOfUsers(_ error: [UInt8]) -> Bool {
        ["LOADING ", "BUSY ", "MASTERDOWN ", "ERR max number of clients", "ERR unknown command"]
            .contains { error.starts(with: $0.utf8) }
    }
}

extension BackingConfiguration {
    /// What the proxy's own connections log in with; nil where there is no password.
    public var credentials: BackingCredentials? {
        self.password.map { BackingCredentials(username: self.username.map { Array($0.utf8) }, password: $0) }
    }
}

extension BackingCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name only.
    public var description: String {
        "credentials of \(self.username.map { String(decoding: $0, as: UTF8.self) } ?? "the default user")"
    }
    /// The name only.
    public var debugDescription: String { self.description }
    /// The name only.
    public var customMirror: Mirror {
        Mirror(self, children: ["username": self.username.map { String(decoding: $0, as: UTF8.self) } as Any])
    }
}
