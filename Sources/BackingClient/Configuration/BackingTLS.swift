import NIOCore
import NIOSSL
import TransportSecurity

/// How the connections to the backing are encrypted, and how the server proves who it is.
public struct BackingTLS: Sendable {
    /// The names of the options, for errors that say what mends them.
    public struct OptionNames: Sendable {
        /// Whether TLS is spoken at all.
        public var isOn: String
        /// The authorities that are trusted.
        public var authorities: String
        /// The certificate that we show, and its key.
        public var certificate: String
        /// The name that the server's certificate must be for.
        public var serverName: String
        /// Whether the certificate is checked.
        public var verifies: String
        /// The server's port.
        public var port: String

        /// The names as the user knows them.
        public init(
            isOn: String, authorities: String, certificate: String, serverName: String, verifies: String, port: String
        ) {
            self.isOn = isOn
            self.authorities = authorities
            self.certificate = certificate
            self.serverName = serverName
            self.verifies = verifies
            self.port = port
        }
    }

    /// Makes the context of each new connection.
    public let source: TLSContextSource
    /// What the certificate must be for, instead of the host that is connected to.
    public private(set) var serverName: String?
    /// Whether the server is shown a certificate where it asks for one.
    public let showsCertificate: Bool
    private(set) var options: OptionNames
    /// The handshakes with the server that failed.
    public let failures = HandshakeFailures()

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - serverName: nil: the host.
    ///   - verifies: whether the server's certificate must be by one of the authorities, valid now, and for the name.
    /// - Throws: `TLSMaterialError` where they cannot be used.
    public init(
        files: TLSFiles, serverName: String?, verifies: Bool, options: OptionNames
    ) throws(TLSMaterialError) {
        var base = TLSConfiguration.makeClientConfiguration()
        // What Redis speaks by default.
        base.minimumTLSVersion = .tlsv12
        base.certificateVerification = verifies ? .fullVerification : .none
        base.shutdownTimeout = Self.closeTimeout
        self.source = try TLSContextSource(files, base: base)
        self.serverName = serverName
        self.showsCertificate = files.identity != nil
        self.options = options
    }

    /// The same for a server whose certificate must be for `host`, unless the options name another.
    public func expecting(_ host: String) -> BackingTLS {
        var tls = self
        tls.serverName = self.serverName ?? host
        return tls
    }

    /// The same where other options say whether TLS is spoken, and on which port.
    public func named(isOn: String, port: String) -> BackingTLS {
        var tls = self
        tls.options.isOn = isOn
        tls.options.port = port
        return tls
    }

    /// How long a connection that is closed waits for the server to say that it has heard so.
    static let closeTimeout = TimeAmount.seconds(1)

    /// What was wrong, and which option mends it.
    func reason(for failure: TLSFailure, host: String) -> String {
        let name = self.serverName ?? host
        return switch failure {
        case .unknownAuthority:
            "its certificate is by an authority that is not trusted here; \(self.options.authorities) names those that are"
        case .notVerified:
            "its certificate could not be verified by the authorities of \(self.options.authorities)"
        case .wrongName:
            "its certificate is not for \(name); \(self.options.serverName) names what it is for"
        case .expired:
            "its certificate has expired; the server needs a new one (\(self.options.verifies)=off would accept it)"
        case .notYetValid:
            "its certificate is not valid yet; is this machine's clock right?"
        case .certificateRequired:
            "it asks for a certificate; \(self.options.certificate) names ours"
        case .certificateRefused:
            "it does not accept the certificate of \(self.options.certificate)"
        case .notTLS:
            "it does not speak TLS on that port; \(self.options.port) names the port that does, or \(self.options.isOn)=off"
        case .nothingInCommon:
            "no version or cipher of TLS that both sides speak, or it asks for a certificate (\(self.options.certificate))"
        case .closed:
            "it closed the connection during the TLS handshake; does it speak TLS on that port (\(self.options.isOn), \(self.options.port))?"
        case .timedOut:
            "no TLS handshake in time; does it speak TLS on that port (\(self.options.isOn), \(self.options.port))?"
        case .other:
            "the TLS connection failed"
        }
    }
}
