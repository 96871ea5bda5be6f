import BackingClient
import TransportSecurity

extension CertificateUser {
    /// What the user logs in with now; nil where no password is known.
    package var credentials: BackingCredentials? {
        password.map { BackingCredentials(username: name, password: $0) }
    }
}
