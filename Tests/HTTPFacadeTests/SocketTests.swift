import Logging
import NIOCore
import NIOPosix
import RESPProxy
import Testing

@testable import HTTPFacade

/// What an embedded channel cannot show: half-closure, lingering and many segments, on real sockets.
@Suite("On a socket")
struct SocketTests {
    private static let large = ByteBuffer(repeating: UInt8(ascii: "x"), count: 5_000_000)

    private let group = MultiThreadedEventLoopGroup.singleton

    private func serve(
        configuration: HTTPConfiguration = HTTPConfiguration(), limiter: HTTPLimiter,
        connectionClosed: EventLoopPromise<Void>? = nil
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                channel.closeFuture.cascade(to: connectionClosed)
                return channel.eventLoop.makeCompletedFuture {
                    let reader = FakeReader()
                    reader.set("a", "v")
                    reader.answers["large"] = .hit(.bytes(Self.large), age: .zero)
                    let facade = HTTPFacade(
                        reader: reader, flusher: ReplyFlusher(eventLoop: channel.eventLoop),
                        configuration: configuration, limiter: limiter, logger: Self.logger, observer: nil)
                    try channel.pipeline.syncOperations.addHandler(FirstRead())
                    try facade.configure(channel)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Sends `request`, closes the sending side if asked to, and gives all that came until the server closed.
    private func exchange(_ request: [UInt8], closesInput: Bool) async throws -> [UInt8] {
        let server = try await serve(limiter: HTTPLimiter(maxClients: 1, logger: Self.logger))
        let received = group.any().makePromise(of: [UInt8].self)
        let client = try await ClientBootstrap(group: group)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(promise: received))
                }
            }
            .connect(to: try #require(server.localAddress)).get()
        // The server may close before it has taken everything in.
        try? await client.writeAndFlush(ByteBuffer(bytes: request)).get()
        if closesInput { try? await client.close(mode: .output).get() }
        let bytes = try await received.futureResult.get()
        try? await client.close().get()
        try await server.close().get()
        return bytes
    }

    private func responses(_ bytes: [UInt8]) throws -> [Response] {
        var rest = bytes[...]
        var responses: [Response] = []
        while !rest.isEmpty { responses.append(try #require(Response(&rest, hasBody: true))) }
        return responses
    }

    private static let request = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test("a half-closed client gets all its responses, however many, and then the close")
    func halfClose() async throws {
        let count = 5_000
        let bytes = try await exchange(Array(String(repeating: Self.request, count: count).utf8), closesInput: true)
        let responses = try responses(bytes)
        #expect(responses.count == count)
        #expect(responses.allSatisfy { $0.status == 200 && $0.text == #"{"key":"a","value":"v"}"# })
    }

    @Test("a client that goes on sending a refused body still reads why, and is closed")
    func lingering() async throws {
        let head = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n"
        let bytes = try await exchange(
            Array(head.utf8) + [UInt8](repeating: 120, count: 3_000_000), closesInput: false)
        #expect(try responses(bytes).map(\.status) == [413])
    }

    @Test("big bodies come whole, in order, before the close that the client asked for")
    func bigBodies() async throws {
        let raw = "GET /large HTTP/1.1\r\nHost: a\r\nAccept: application/octet-stream\r\n"
        let bytes = try await exchange(
            Array((raw + "\r\n" + Self.request + raw + "Connection: close\r\n\r\n").utf8), closesInput: false)
        let responses = try responses(bytes)
        #expect(responses.map(\.body.count) == [5_000_000, 23, 5_000_000])
        #expect(responses.last?["Connection"] == "close")
    }

    @Test("a client that takes nothing in is cut off, and its slot is free again", .timeLimit(.minutes(5)))
    func stalledReader() async throws {
        var configuration = HTTPConfiguration()
        configuration.idleTimeout = .milliseconds(300)
        let limiter = HTTPLimiter(maxClients: 1, logger: Self.logger)
        let closed = group.any().makePromise(of: Void.self)
        let server = try await serve(configuration: configuration, limiter: limiter, connectionClosed: closed)
        let client = try await ClientBootstrap(group: group)
            .channelOption(.autoRead, value: false)
            .connect(to: try #require(server.localAddress)).get()
        // More than the socket buffers of both sides hold.
        let raw = "GET /large HTTP/1.1\r\nHost: a\r\nAccept: application/octet-stream\r\n\r\n"
        try await client.writeAndFlush(ByteBuffer(string: String(repeating: raw, count: 20))).get()
        try await closed.futureResult.get()
        while limiter.inUse != 0 { try await Task.sleep(for: .milliseconds(5)) }
        try? await client.close().get()
        try await server.close().get()
    }
}

/// Stands in for the listener's first read.
private final class FirstRead: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        context.read()
    }
}

/// Gathers what comes until the server closes its side.
private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let promise: EventLoopPromise<[UInt8]>
    private var bytes: [UInt8] = []
    private var isDone = false

    init(promise: EventLoopPromise<[UInt8]>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += unwrapInboundIn(data).readableBytesView
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { finish() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func finish() {
        guard !isDone else { return }
        isDone = true
        promise.succeed(bytes)
    }
}
