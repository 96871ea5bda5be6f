import NIOCore
import NIOTLS

/// Stands behind the TLS handler of a connection that we open: tells when the handshake is done or why it failed, and keeps what the other
/// side says next until somebody reads it.
final class HandshakeHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    /// Whether the other side is who it should be; asked when the handshake is done.
    var check: (() -> Bool)?

    private var promise: EventLoopPromise<Void>?
    private var received: [NIOAny] = []
    private var isLeaving = false

    /// - Parameter promise: fails with a ``TLSFailure`` only.
    init(_ promise: EventLoopPromise<Void>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if self.isLeaving { context.fireChannelRead(data) } else { self.received.append(data) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if self.isLeaving { context.fireChannelReadComplete() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event {
            self.end(self.check?() == false ? .failure(.wrongName) : .success(()))
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.end(.failure(TLSFailure(error) ?? .closed))
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end(.failure(.closed))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.end(.failure(.closed))
    }

    func timedOut() { self.end(.failure(.timedOut)) }

    /// Somebody has come who reads: the work of this handler is done.
    func read(context: ChannelHandlerContext) {
        guard self.promise == nil, !self.isLeaving else { return context.read() }
        self.isLeaving = true
        let received = self.received
        self.received = []
        for data in received { context.fireChannelRead(data) }
        if !received.isEmpty { context.fireChannelReadComplete() }
        // Also where something was there already: a channel that reads by itself asks only once.
        context.read()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func end(_ result: Result<Void, TLSFailure>) {
        guard let promise else { return }
        self.promise = nil
        self.check = nil
        promise.completeWith(result.mapError { $0 })
    }
}
