import NIOCore
import NIOSSL

/// Makes connections private that clients have opened.
public struct ListenerTLS: Sendable {
    /// Whether clients must show who they are.
    public enum ClientCertificates: String, Sendable, CaseIterable {
        /// They must show a certificate by one of our authorities.
        case yes
        /// One that they show must be by one of our authorities.
        case optional
        /// They are not asked for one.
        case no
    }

    /// What is spoken with clients.
    public struct Terms: Sendable {
        /// Whether they must show who they are; all but `no` needs authorities.
        public var clientCertificates: ClientCertificates
        /// Whether TLS 1.2 is refused.
        public var requiresVersion13: Bool
        /// Those of TLS 1.2, the best first; not empty.
        public var ciphers: [CipherSuite]
        /// What of a client's certificate names the user that it is logged in as.
        public var clientName = CertificateNameField.off

        /// By default what is safe and widely spoken.
        public init(
            clientCertificates: ClientCertificates = .no, requiresVersion13: Bool = false,
            ciphers: [CipherSuite] = CipherSuite.safe
        ) {
            self.clientCertificates = clientCertificates
            self.requiresVersion13 = requiresVersion13
            self.ciphers = ciphers
        }
    }

    /// Makes the context of new connections.
    public let source: TLSContextSource
    /// Whether clients that speak no TLS are let in, too.
    public let allowsPlaintext: Bool
    /// Those of the users whom certificates name; nil: they name none.
    public let passwords: ClientPasswords?
    private let terms: Terms
    /// Of who resumes a session no certificate is verified: neither whether it still counts, nor whether the client has it. So where certificates
    /// are asked for nothing is resumed; nil: they are not.
    private let ticketless: TicketlessContexts?

    /// How long a client that has begun a handshake may take to end it.
    public static let handshakeLimit = TimeAmount.seconds(10)
    /// How long a connection that is closed waits for the client to say that it has heard so.
    static let closeTimeout = TimeAmount.seconds(1)
    /// What a connection keeps of the memory in which it encrypted what it sent.
    static let keptMemory = 1 << 16

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - files: with an identity.
    ///   - passwords: to be there where certificates name users.
    /// - Throws: ``TLSMaterialError`` where they cannot be used.
    public init(
        files: TLSFiles, terms: Terms = Terms(), passwords: TLSFile? = nil, allowsPlaintext: Bool
    ) throws(TLSMaterialError) {
        // NIOSSL's own configuration for servers wants a certificate at once; but for the checks of the other side it is the same.
        var base = TLSConfiguration.makeClientConfiguration()
        base.minimumTLSVersion = terms.requiresVersion13 ? .tlsv13 : .tlsv12
        base.cipherSuiteValues = terms.ciphers.map(\.value)
        base.certificateVerification =
            switch terms.clientCertificates {
            case .yes: .noHostnameVerification
            case .optional: .optionalVerification
            case .no: .none
            }
        base.trustRoots = .certificates([])
        base.sendCANameList = terms.clientCertificates != .no
        base.applicationProtocols = ["http/1.1"]
        base.shutdownTimeout = Self.closeTimeout
        self.source = try TLSContextSource(files, base: base)
        var known: ClientPasswords?
        if let passwords { known = try ClientPasswords(passwords) }
        self.passwords = known
        self.terms = terms
        self.ticketless = terms.clientCertificates == .no ? nil : TicketlessContexts(self.source)
        self.allowsPlaintext = allowsPlaintext
    }

    /// Puts TLS before all that is in the pipeline. To be called on the event loop; what was received is to go through the pipeline once more.
    public func begin(on channel: any Channel) throws {
        var configuration = NIOSSLHandler.Configuration()
        configuration.maximumPreservedOutboundBufferCapacity = Self.keptMemory
        let context = try self.ticketless?.take() ?? self.source.context
        let tls = NIOSSLServerHandler(context: context, configuration: configuration)
        let pipeline = channel.pipeline.syncOperations
        let handshakeEnded = self.ticketless.map { ticketless in { ticketless.retire(context) } }
        try pipeline.addHandler(ClientEndHandler(tls, handshakeEnded: handshakeEnded), position: .first)
        try pipeline.addHandler(OutboundPacer(), position: .first)
        try pipeline.addHandler(tls, position: .first)
    }

    /// Whom a client's certificate names. To be called on the event loop, when the handshake is done.
    public func identify(_ channel: any Channel) -> CertificateUser.Identification {
        guard let passwords, self.terms.clientName != .off else { return .nobody }
        do {
            let tls = try channel.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
            guard let certificate = tls.peerCertificate else {
                return self.terms.clientCertificates == .optional ? .nobody : .refused("it has shown none")
            }
            let name = try CertificateName.read(self.terms.clientName, from: certificate)
            return .user(CertificateUser(name: name, passwords: passwords))
        } catch let fault as CertificateNameFault {
            return .refused(fault.description)
        } catch {
            return .refused("\(error)")
        }
    }
}
