import NIOCore
import NIOSSL

/// Makes connections private that clients have opened.
public struct ListenerTLS: Sendable {
    /// Makes the context of each new connection.
    public let source: TLSContextSource
    /// Whether clients that speak no TLS are let in, too.
    public let allowsPlaintext: Bool

    /// How long a client that has begun a handshake may take to end it.
    public static let handshakeLimit = TimeAmount.seconds(10)
    /// How long a connection that is closed waits for the client to say that it has heard so.
    static let closeTimeout = TimeAmount.seconds(1)
    /// What a connection keeps of the memory in which it encrypted what it sent.
    static let keptMemory = 1 << 16

    /// Reads the files.
    ///
    /// - Parameter files: with an identity.
    /// - Throws: ``TLSMaterialError`` where they cannot be used.
    public init(files: TLSFiles, allowsPlaintext: Bool) throws(TLSMaterialError) {
        // NIOSSL's own configuration for servers wants a certificate at once; but for the checks of the other side it is the same.
        var base = TLSConfiguration.makeClientConfiguration()
        base.minimumTLSVersion = .tlsv12
        base.certificateVerification = .none
        base.trustRoots = .certificates([])
        base.shutdownTimeout = Self.closeTimeout
        self.source = try TLSContextSource(files, base: base)
        self.allowsPlaintext = allowsPlaintext
    }

    /// Puts TLS before all that is in the pipeline. To be called on the event loop; what was received is to go through the pipeline once more.
    public func begin(on channel: any Channel) throws {
        var configuration = NIOSSLHandler.Configuration()
        configuration.maximumPreservedOutboundBufferCapacity = Self.keptMemory
        let tls = NIOSSLServerHandler(context: self.source.context, configuration: configuration)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(ClientEndHandler(tls), position: .first)
        try pipeline.addHandler(tls, position: .first)
    }
}
