import NIOCore
import TransportSecurity

/// What the listener needs of the HTTP side, on one event loop.
public protocol HTTPSide: AnyObject {
    /// Adds the handlers of an HTTP connection whose first bytes have been read; they are fired through the pipeline afterwards.
    ///
    /// - Parameters:
    ///   - client: where the client is, as far as is known.
    ///   - user: whom the client's certificate names, if it does.
    func configure(_ channel: any Channel, client: SocketAddress?, user: CertificateUser?) throws
    /// A whole response for a client that is turned away.
    func refusal(_ reason: LoopMetrics.Refusal) -> ByteBuffer
}
