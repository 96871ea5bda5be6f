import NIOCore
import NIOHTTP1

/// One connection of the admin server: request parts in, response parts out.
final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// No request here needs a body; a small one is read past.
    static let bodyLimit = 4096

    private let responder: AdminResponder
    private var head: HTTPRequestHead?
    private var bodySize = 0

    init(responder: AdminResponder) {
        self.responder = responder
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            bodySize = 0
        case .body(let bytes):
            guard let head else { return }
            bodySize += bytes.readableBytes
            if bodySize > Self.bodyLimit {
                self.head = nil
                let response = AdminResponse(status: .payloadTooLarge, body: "no body is expected\n", closes: true)
                write(response, to: head, context: context)
            }
        case .end:
            guard let head = head.take() else { return }
            respond(to: head, context: context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The HTTP handlers have answered what can be answered.
        context.close(promise: nil)
    }

    private func respond(to head: HTTPRequestHead, context: ChannelHandlerContext) {
        let request = AdminRequest(method: head.method, target: head.uri)
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        // These questions are asked when descriptors have run out, too.
        Task(executorPreference: EventLoopTaskExecutor(context.eventLoop)) { [responder] in
            let response = await responder.response(to: request)
            let (handler, context) = bound.value
            handler.write(response, to: head, context: context)
        }
    }

    private func write(_ response: AdminResponse, to request: HTTPRequestHead, context: ChannelHandlerContext) {
        let body = context.channel.allocator.buffer(string: response.body)
        let keepsAlive = request.isKeepAlive && !response.closes
        var headers = HTTPHeaders([
            ("Content-Type", response.contentType),
            ("Content-Length", "\(body.readableBytes)"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ])
        if response.status == .methodNotAllowed { headers.add(name: "Allow", value: "GET, HEAD") }
        if !keepsAlive { headers.add(name: "Connection", value: "close") }
        let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !keepsAlive {
            let channel = context.channel
            written.whenComplete { _ in channel.close(promise: nil) }
        }
    }
}
