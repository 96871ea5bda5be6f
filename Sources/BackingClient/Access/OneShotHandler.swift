import NIOCore
import Time

/// Asks a ``OneShotQuestion`` on one channel and closes it.
final class OneShotHandler<Question: OneShotQuestion>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let configuration: BackingConfiguration
    private let limit: TimeSpan
    private var logIn: LogIn
    private var question: Question
    private var replies = FeedReader(limit: Question.replyLimit)
    private var promise: EventLoopPromise<Question.Answer>?
    private var timer: Scheduled<Void>?

    /// - Parameters:
    ///   - logIn: what is said first.
    ///   - limit: from when the question is sent until it is answered.
    init(
        _ question: Question, behind logIn: LogIn, to configuration: BackingConfiguration, within limit: TimeSpan,
        promise: EventLoopPromise<Question.Answer>
    ) {
        self.configuration = configuration
        self.limit = limit
        self.logIn = logIn
        self.question = question
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.send(self.logIn.commands + self.question.commands, context)
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(self.limit)) {
            self.finish(.failure(.silent(self.configuration.address, for: self.limit)), context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.promise != nil else { return }
        self.replies.append(self.unwrapInboundIn(data))
        do throws(ReplyViolation) {
            while self.promise != nil, let incoming = try self.replies.next() {
                guard case .reply(let reply) = incoming else {
                    throw ReplyViolation(reason: "a reply that is too long")
                }
                switch self.received(reply) {
                case .goesOn: break
                case .asks(let command): self.send([command], context)
                case .answered(let access): self.finish(.success(access), context)
                case .failed(let error): self.finish(.failure(error), context)
                }
            }
        } catch {
            self.finish(.failure(.nonsense(self.configuration.address, error)), context)
        }
    }

    private func received(_ reply: BackingReply) -> OneShotProgress<Question.Answer> {
        guard !self.logIn.isDone else { return self.question.received(reply) }
        switch self.logIn.received(reply) {
        case .goesOn: return .goesOn
        case .refused(let text): return self.question.wasRefused(text)
        case .violation(let violation): return .failed(.nonsense(self.configuration.address, violation))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.finish(.failure(.closedConnection(self.configuration.address)), context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.finish(.failure(.ended(self.configuration, by: error)), context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.finish(.failure(.closedConnection(self.configuration.address)), context)
    }

    private func send(_ commands: [[[UInt8]]], _ context: ChannelHandlerContext) {
        var bytes = ByteBuffer()
        for command in commands { HiredisCommand.append(command, to: &bytes) }
        context.writeAndFlush(self.wrapOutboundOut(bytes), promise: nil)
    }

    private func finish(_ result: Result<Question.Answer, BackingError>, _ context: ChannelHandlerContext) {
        guard let promise else { return }
        self.promise = nil
        self.timer?.cancel()
        self.timer = nil
        promise.completeWith(result.mapError { $0 })
        context.close(promise: nil)
    }
}
