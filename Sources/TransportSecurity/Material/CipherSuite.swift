import NIOSSL

/// A cipher suite of TLS 1.2, by its name in the standards. NIOSSL ends the process over one that it does not know, so only those are made that it
/// does. The suites of TLS 1.3 are not for choosing.
public struct CipherSuite: Hashable, Sendable {
    /// As IANA lists it.
    public let name: String
    let value: NIOTLSCipher

    /// - Returns: nil where it is none, or none that can be used with a certificate.
    public init?(_ name: String) {
        guard let suite = Self.all.first(where: { $0.name == name }) else { return nil }
        self = suite
    }

    private init(_ name: String, _ value: NIOTLSCipher) {
        self.name = name
        self.value = value
    }

    /// Those that are safe: with forward secrecy, and with encryption and authentication in one.
    public static let safe = Array(Self.all.prefix(6))

    /// The best first.
    public static let all = [
        CipherSuite("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
        CipherSuite("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
        CipherSuite("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
        CipherSuite("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
        CipherSuite("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
        CipherSuite("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
        CipherSuite("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", .TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA),
        CipherSuite("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", .TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA),
        CipherSuite("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", .TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA),
        CipherSuite("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", .TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA),
        CipherSuite("TLS_RSA_WITH_AES_128_GCM_SHA256", .TLS_RSA_WITH_AES_128_GCM_SHA256),
        CipherSuite("TLS_RSA_WITH_AES_256_GCM_SHA384", .TLS_RSA_WITH_AES_256_GCM_SHA384),
        CipherSuite("TLS_RSA_WITH_AES_128_CBC_SHA", .TLS_RSA_WITH_AES_128_CBC_SHA),
        CipherSuite("TLS_RSA_WITH_AES_256_CBC_SHA", .TLS_RSA_WITH_AES_256_CBC_SHA),
    ]
}
