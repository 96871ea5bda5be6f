// MARK: TLS to the backing Redis

extension OptionTable {
    static let redisTLS = Option(
        "REDIS_TLS", .onOrOff, default: false,
        help: "Whether all connections to the backing are encrypted.")
    static let redisTLSAuthorities = Option(
        "REDIS_TLS_CA_FILE", ValueKind.path.optional(), default: nil, shown: "the system's",
        help:
            "Authorities that the backing's certificate must be by: a file of certificates in PEM form, or a folder of such files."
    )
    static let redisTLSCertificate = Option(
        "REDIS_TLS_CERT_FILE", ValueKind.path.optional(), default: nil, shown: "none",
        help: "Certificate that is shown to the backing, with its chain, in PEM form.")
    static let redisTLSKey = Option(
        "REDIS_TLS_KEY_FILE", ValueKind.path.optional(), default: nil, shown: "none",
        help: "Key of that certificate, in PEM form.")
    static let redisTLSKeyPassword = Option(
        "REDIS_TLS_KEY_PASSWORD_FILE", ValueKind.path.optional(), default: nil, shown: "none",
        help: "File that holds the password of that key, less one newline at its end.")
    static let redisTLSServerName = Option(
        "REDIS_TLS_SERVER_NAME", ValueKind.host.optional(), default: nil, shown: "`REDIS_HOST`",
        help: "Name that the backing's certificate must be for, and that the backing is told (SNI).")
    static let redisTLSVerify = Option(
        "REDIS_TLS_VERIFY", .onOrOff, default: true,
        help:
            "Whether the backing's certificate is checked. off: whoever is between the two can read and change everything."
    )
}
