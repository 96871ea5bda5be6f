import NIOCore
import NIOPosix

/// Sends bytes to a local port and gathers all that comes back until the other side closes.
enum RawExchange {
    /// - Throws: ``ChannelError/eof`` where the other side has not closed within a generous limit.
    static func send(_ text: String, port: Int, limit: TimeAmount = .seconds(20)) async throws -> String {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        let answer = eventLoop.makePromise(of: String.self)
        let deadline = eventLoop.scheduleTask(in: limit) { answer.fail(ChannelError.eof) }
        let channel = try await ClientBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(GatheringHandler(answer: answer))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
        defer {
            deadline.cancel()
            channel.close(promise: nil)
        }
        return try await answer.futureResult.get()
    }
}

private final class GatheringHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let answer: EventLoopPromise<String>
    private var gathered = ByteBuffer()

    init(answer: EventLoopPromise<String>) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        gathered.writeImmutableBuffer(unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.succeed(String(buffer: gathered))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset after the answer, because not all that was sent has been read, still is an end.
        context.close(promise: nil)
    }
}
