import NIOCore

/// Asks an ``AccessQuestion`` on one channel and closes it.
final class AccessCheckHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let configuration: BackingConfiguration
    private var question: AccessQuestion
    private var replies = ReplyReader(maxValueSize: 64 * 1024)
    private var promise: EventLoopPromise<BackingConnector.Access>?
    private var timer: Scheduled<Void>?

    init(
        _ credentials: BackingCredentials?, configuration: BackingConfiguration,
        promise: EventLoopPromise<BackingConnector.Access>
    ) {
        self.configuration = configuration
        self.question = AccessQuestion(credentials, address: configuration.address)
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) {
        var bytes = ByteBuffer()
        for command in self.question.commands { HiredisCommand.append(command, to: &bytes) }
        context.writeAndFlush(self.wrapOutboundOut(bytes), promise: nil)
        let limit = self.configuration.commandTimeout
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: limit) {
            self.finish(.failure(.silent(self.configuration.address, for: limit)), context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.promise != nil else { return }
        self.replies.append(self.unwrapInboundIn(data))
        do {
            while self.promise != nil, case .reply(let reply, _) = try self.replies.next() {
                switch self.question.received(reply) {
                case .goesOn: break
                case .answered(let access): self.finish(.success(access), context)
                case .failed(let error): self.finish(.failure(error), context)
                }
            }
        } catch {
            self.finish(.failure(.nonsense(self.configuration.address, error)), context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.finish(.failure(.closedConnection(self.configuration.address)), context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.finish(.failure(.closedConnection(self.configuration.address)), context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.finish(.failure(.closedConnection(self.configuration.address)), context)
    }

    private func finish(_ result: Result<BackingConnector.Access, BackingError>, _ context: ChannelHandlerContext) {
        guard let promise else { return }
        self.promise = nil
        self.timer?.cancel()
        self.timer = nil
        promise.completeWith(result.mapError { $0 })
        context.close(promise: nil)
    }
}
