import NIOCore
import TransportSecurity

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
    static let tlsAuthorities = Option(
        "TLS_CA_FILE", ValueKind.path.optional(), default: nil, shown: "none",
        help:
            "Authorities that clients' certificates must be by: a file of certificates in PEM form, or a folder of such files."
    )
    static let tlsClientCertificates = Option(
        "TLS_AUTH_CLIENTS", ValueKind.word(of: ListenerTLS.ClientCertificates.self).optional(), default: nil,
        shown: "yes with `TLS_CA_FILE`",
        help:
            "Whether clients must show a certificate. yes: they must; optional: one that they show must be by TLS_CA_FILE; no: none is asked for."
    )
    static let tlsClientName = Option(
        "TLS_CLIENT_NAME", .word(of: CertificateNameField.self), default: .off,
        help:
            "What of a client's certificate is the user that the client is logged in as: CN, the common name of its subject; URI, the one among its alternative names."
    )
    static let tlsClientPasswords = Option(
        "TLS_CLIENT_PASSWORDS_FILE", ValueKind.path.optional(), default: nil, shown: "none",
        help:
            "File of the passwords of those users: on each line a name, one blank, and the password. A line that begins with # is a comment."
    )
    static let tlsMinimumVersion = Option(
        "TLS_MIN_VERSION", .word(of: TLSMinimumVersion.self), default: .version12,
        help: "The oldest version of TLS that is spoken with clients.")
    static let tlsCiphers = Option(
        "TLS_CIPHERS", .cipherSuites, default: CipherSuite.safe, shown: "ECDHE with AES-GCM or ChaCha20",
        help: "Comma-separated: the cipher suites of TLS 1.2, the best first. Those of TLS 1.3 are fixed.")
    static let tlsReloadInterval = Option(
        "TLS_RELOAD_INTERVAL", .seconds(100_000_000...86_400_000_000_000), default: .seconds(60),
        help:
            "How often all files of TLS, those for the backing too, are looked at for changes, which new connections then see. SIGHUP has it done at once."
    )
}

/// A version of TLS as users write it.
enum TLSMinimumVersion: String, Sendable, CaseIterable {
    case version12 = "1.2"
    case version13 = "1.3"
}

extension ValueKind where Value == [CipherSuite] {
    static var cipherSuites: Self {
        ValueKind(
            placeholder: "NAMES",
            allowed:
                "names of cipher suites as IANA lists them, such as \(CipherSuite.safe[0].name), separated by commas",
            parse: { text throws(ValueRefusal) in
                var suites: [CipherSuite] = []
                for part in text.split(separator: ",") {
                    let name = String(part.filter { $0 != " " })
                    guard let suite = CipherSuite(name) else {
                        throw ValueRefusal(hint: "those are: " + CipherSuite.all.map(\.name).joined(separator: ", "))
                    }
                    suites.append(suite)
                }
                guard !suites.isEmpty else { throw ValueRefusal() }
                return suites
            },
            format: { $0.map(\.name).joined(separator: ",") })
    }
}
