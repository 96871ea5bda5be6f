import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind the TLS handler of a client's connection: makes its end what it is over TCP.
///
/// Most clients end without saying so in TLS (`close_notify`), which is no error. And a connection that we close does not wait for an answer that
/// cannot come: TLS waits for the client's `close_notify`, which nobody reads where the channel does not read by itself, and which does not come
/// behind the end of the client's side. It also hears when the handshake has ended.
final class ClientEndHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    /// How long a connection waits that is closed because the proxy is stopping.
    static let stoppingTimeout = TimeAmount.milliseconds(100)

    private let tls: NIOSSLServerHandler
    private var isClosing = false
    private var isStopping = false
    private var inputHasEnded = false

    private var handshakeEnded: (() -> Void)?

    init(_ tls: NIOSSLServerHandler, handshakeEnded: (() -> Void)? = nil) {
        self.tls = tls
        self.handshakeEnded = handshakeEnded
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !self.isClosing { context.fireChannelRead(data) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if self.isClosing { context.read() } else { context.fireChannelReadComplete() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case NIOSSLError.uncleanShutdown = error { return }
        context.fireErrorCaught(error)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted:
            self.handshakeEnded?()
            self.handshakeEnded = nil
        case ChannelEvent.inputClosed:
            self.inputHasEnded = true
            if self.isClosing { self.closeAtOnce(context) }
        case is ChannelShouldQuiesceEvent:
            self.isStopping = true
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        context.close(mode: mode, promise: promise)
        guard mode == .all, !self.isClosing, context.channel.isActive else { return }
        self.isClosing = true
        if self.inputHasEnded { return self.closeAtOnce(context) }
        if self.isStopping {
            context.eventLoop.assumeIsolated().scheduleTask(in: Self.stoppingTimeout) { self.closeAtOnce(context) }
        }
        context.read()
    }

    /// Closes past the TLS handler, which has said what it had to say.
    private func closeAtOnce(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        let outside = try? context.pipeline.syncOperations.context(handler: self.tls)
        outside?.close(promise: nil)
    }
}
