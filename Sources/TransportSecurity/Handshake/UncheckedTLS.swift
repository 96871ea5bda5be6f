import NIOCore
import NIOSSL

/// Encrypts a connection to ourselves, without a look at the certificate: it need not be for the address by which we reach ourselves.
public enum UncheckedTLS {
    /// Puts TLS before all that is in the pipeline of a connection that is about to be opened. To be called on the event loop.
    public static func begin(on channel: any Channel) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.trustRoots = .certificates([])
        configuration.shutdownTimeout = .milliseconds(100)
        let tls = try NIOSSLClientHandler(context: NIOSSLContext(configuration: configuration), serverHostname: nil)
        try channel.pipeline.syncOperations.addHandler(tls, position: .first)
    }
}
