/// The user whom a client's certificate names.
public struct CertificateUser: Sendable {
    /// As the certificate has it.
    public let name: [UInt8]
    private let passwords: ClientPasswords

    /// - Parameter passwords: those of all users.
    public init(name: [UInt8], passwords: ClientPasswords) {
        self.name = name
        self.passwords = passwords
    }

    /// What the user logs in with now; nil where no password is known of such a user, by now.
    public var password: [UInt8]? { self.passwords.password(of: self.name) }

    /// Whom the certificate of a client names.
    public enum Identification: Sendable {
        /// The client has shown none, or its name makes no difference.
        case nobody
        case user(CertificateUser)
        /// Nobody who could be a user; the text says why, and follows "a client was refused for its certificate: ".
        case refused(String)
    }
}
