// MARK: TLS for clients

extension OptionTable {
    static let tlsCertificate = Option(
        "TLS_CERT_FILE", ValueKind.path.optional(), default: nil, shown: "none",
        help:
            "Certificate that is shown to clients, with its chain, in PEM form: the ports for RESP and HTTP then speak TLS."
    )
    static let tlsKey = Option(
        "TLS_KEY_FILE", ValueKind.path.optional(), default: nil, shown: "none",
        help: "Key of that certificate, in PEM form.")
    static let tlsKeyPassword = Option(
        "TLS_KEY_PASSWORD_FILE", ValueKind.path.optional(), default: nil, shown: "none",
        help: "File that holds the password of that key, less one newline at its end.")
    static let tlsPlaintext = Option(
        "TLS_PLAINTEXT", .onOrOff, default: false,
        help: "With a certificate, whether clients that speak no TLS are let in, too, on the same ports.")
}
