/// Which part of a client's certificate names the user that the client is.
public enum CertificateNameField: String, Sendable, CaseIterable {
    /// None: who shows a certificate is whom he logs in as.
    case off
    /// The common name of its subject.
    case commonName = "CN"
    /// The URI among its alternative names.
    case uri = "URI"
}
