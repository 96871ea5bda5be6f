import NIOCore
import NIOPosix
import RESPProxy
import Synchronization
import Testing

@testable import RedisProxy

@Suite struct DataPortProbeTests {
    private let group = MultiThreadedEventLoopGroup.singleton

    /// A server that says `answer` to whoever connects, closes, and is asked by a probe; with how many connected.
    private func withServer(
        saying answer: String, _ body: (DataPortProbe, @escaping @Sendable () -> Int) async throws -> Void
    ) async throws {
        let accepted = Accepted()
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    accepted.add()
                    try channel.pipeline.syncOperations.addHandler(Answer(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let probe = DataPortProbe(probes: OwnProbes(), eventLoop: group.next())
        probe.add(server.localAddress, speaksHTTPOnly: false)
        try await body(probe) { accepted.count }
        try await server.close()
    }

    @Test(
        "any byte is an answer, a refusal too", arguments: ["+PONG\r\n", "-ERR max number of clients reached\r\n", "H"])
    func anyByte(answer: String) async throws {
        try await withServer(saying: answer) { probe, _ in #expect(await probe.answers()) }
    }

    @Test("a connection that is closed without a byte is none, and neither is a port where nobody listens")
    func noByte() async throws {
        try await withServer(saying: "") { probe, _ in #expect(await !probe.answers()) }
        let server = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let probe = DataPortProbe(probes: OwnProbes(), eventLoop: group.next())
        #expect(await !probe.answers(), "before there is a port")
        probe.add(server.localAddress, speaksHTTPOnly: false)
        try await server.close()
        #expect(await !probe.answers())
    }

    @Test("however many ask, and however often, it looks once a second at most")
    func onceASecond() async throws {
        try await withServer(saying: "+PONG\r\n") { probe, accepted in
            let start = ContinuousClock.now
            var asked = 0
            while ContinuousClock.now - start < .milliseconds(1200) {
                await withTaskGroup(of: Bool.self) { tasks in
                    for _ in 0..<10 { tasks.addTask { await probe.answers() } }
                    for await answers in tasks { #expect(answers) }
                }
                asked += 10
            }
            let seconds = Int((ContinuousClock.now - start).components.seconds) + 1
            #expect(accepted() <= seconds, "for \(asked) questions")
        }
    }
}

/// Says something to whoever connects, and closes.
private final class Answer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let text: String

    init(_ text: String) {
        self.text = text
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}

private final class Accepted: Sendable {
    private let value = Atomic<Int>(0)
    var count: Int { value.load(ordering: .relaxed) }
    func add() { value.add(1, ordering: .relaxed) }
}
