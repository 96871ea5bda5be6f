import NIOCore
import NIOEmbedded
import Testing

@testable import TransportSecurity

@Suite("writes behind TLS")
struct OutboundPacerTests {
    /// Stands for TLS and the socket: takes what is flushed, and is full at a limit until it is emptied.
    private final class Socket: ChannelDuplexHandler {
        typealias InboundIn = Never
        typealias OutboundIn = ByteBuffer
        let limit: Int
        var taken = ByteBuffer()
        var pending = 0
        var pieces: [Int] = []
        var unflushed: [(ByteBuffer, EventLoopPromise<Void>?)] = []
        var hasEnded = false

        init(limit: Int) { self.limit = limit }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            self.unflushed.append((self.unwrapOutboundIn(data), promise))
        }

        func flush(context: ChannelHandlerContext) {
            let flushed = self.unflushed
            self.unflushed = []
            for (bytes, promise) in flushed {
                self.pieces.append(bytes.readableBytes)
                self.taken.writeImmutableBuffer(bytes)
                self.pending += bytes.readableBytes
                promise?.succeed()
            }
            guard let channel = context.channel as? EmbeddedChannel, channel.isWritable, self.pending > self.limit
            else {
                return
            }
            channel.isWritable = false
            context.fireChannelWritabilityChanged()
        }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            if mode == .output {
                self.hasEnded = true
                promise?.succeed()
            } else {
                context.close(mode: mode, promise: promise)
            }
        }
    }

    /// Notes what it is told.
    private final class Listener: ChannelInboundHandler {
        typealias InboundIn = Never
        var told: [Bool] = []

        func channelWritabilityChanged(context: ChannelHandlerContext) { self.told.append(context.channel.isWritable) }
    }

    private struct Stage {
        let channel = EmbeddedChannel()
        let socket: Socket
        let listener = Listener()

        init(limit: Int) throws {
            self.socket = Socket(limit: limit)
            try self.channel.pipeline.syncOperations.addHandlers(self.socket, OutboundPacer(), self.listener)
            try self.channel.connect(to: SocketAddress(unixDomainSocketPath: "/nowhere")).wait()
        }

        /// The other side has taken everything.
        func empty() {
            self.socket.pending = 0
            self.channel.isWritable = true
            self.channel.pipeline.fireChannelWritabilityChanged()
        }
    }

    private static func bytes(_ count: Int, _ first: UInt8 = 0) -> ByteBuffer {
        ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 / 7) &+ first })
    }

    @Test("what is small goes on as it comes, and is flushed when it is flushed")
    func small() throws {
        let stage = try Stage(limit: 1 << 20)
        stage.channel.write(ByteBuffer(string: "a"), promise: nil)
        stage.channel.write(ByteBuffer(string: "b"), promise: nil)
        #expect(stage.socket.pieces.isEmpty && stage.socket.unflushed.count == 2)
        stage.channel.flush()
        #expect(stage.socket.taken == ByteBuffer(string: "ab"))
    }

    @Test("what is large counts before it is flushed, and no more of it is encrypted than the channel takes")
    func large() throws {
        let stage = try Stage(limit: 1 << 18)
        let value = Self.bytes(1 << 20)
        let (written, behind) = (Flag(), Flag())
        let promise = stage.channel.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenSuccess { written.isSet = true }
        stage.channel.write(value, promise: promise)
        #expect(!stage.channel.isWritable && stage.listener.told == [false])
        #expect(stage.socket.pieces.allSatisfy { $0 == OutboundPacer.pieceLength })
        #expect(stage.socket.pending <= stage.socket.limit + OutboundPacer.pieceLength)
        let second = stage.channel.eventLoop.makePromise(of: Void.self)
        second.futureResult.whenSuccess { behind.isSet = written.isSet }
        stage.channel.writeAndFlush(ByteBuffer(string: "behind"), promise: second)
        #expect(stage.socket.pending <= stage.socket.limit + OutboundPacer.pieceLength, "it keeps its place")
        #expect(!written.isSet && !behind.isSet)
        var rounds = 0
        while !stage.channel.isWritable {
            stage.empty()
            rounds += 1
            #expect(stage.socket.pending <= stage.socket.limit + OutboundPacer.pieceLength)
        }
        #expect(rounds == 3)
        #expect(stage.listener.told == [false, true], "in between nobody could have written")
        #expect(written.isSet && behind.isSet)
        var expected = value
        expected.writeString("behind")
        #expect(stage.socket.taken == expected)
    }

    @Test("many small writes that nobody flushes count, too")
    func many() throws {
        let stage = try Stage(limit: 1 << 18)
        for round in 0..<1000 { stage.channel.write(Self.bytes(1024, UInt8(truncatingIfNeeded: round)), promise: nil) }
        #expect(!stage.channel.isWritable)
        while !stage.channel.isWritable { stage.empty() }
        stage.channel.flush()
        #expect(stage.socket.taken.readableBytes == 1000 * 1024)
        let order = stride(from: 0, to: 1000 * 1024, by: 1024).map {
            stage.socket.taken.getInteger(at: $0, as: UInt8.self)
        }
        #expect(order == (0..<1000).map { UInt8(truncatingIfNeeded: $0) })
    }

    @Test("the end of our side comes behind what waits; a close drops it, and says so")
    func ends() throws {
        let stage = try Stage(limit: 1 << 17)
        stage.channel.write(Self.bytes(1 << 20), promise: nil)
        stage.channel.close(mode: .output, promise: nil)
        #expect(!stage.socket.hasEnded)
        while !stage.socket.hasEnded { stage.empty() }
        #expect(stage.socket.taken.readableBytes == 1 << 20)

        for closes in [true, false] {
            let stage = try Stage(limit: 1 << 17)
            let hasFailed = Flag()
            let promise = stage.channel.eventLoop.makePromise(of: Void.self)
            promise.futureResult.whenFailure { _ in hasFailed.isSet = true }
            stage.channel.write(Self.bytes(1 << 20), promise: promise)
            if closes { stage.channel.close(promise: nil) } else { stage.channel.pipeline.fireChannelInactive() }
            #expect(hasFailed.isSet)
        }
    }

    private final class Flag: @unchecked Sendable { var isSet = false }
}
