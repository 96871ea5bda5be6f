import NIOCore
import NIOEmbedded
import NIOSSL
import NIOTLS
import Testing

@testable import TransportSecurity

@Suite("the end of a handshake")
struct HandshakeHandlerTests {
    /// Counts what is asked of the socket.
    private final class ReadCounter: ChannelOutboundHandler {
        typealias OutboundIn = Never
        var count = 0

        func read(context: ChannelHandlerContext) {
            self.count += 1
            context.read()
        }
    }

    /// A handshake under way. Made by each test itself: an embedded channel belongs to the thread that made it.
    private struct Handshake {
        let channel = EmbeddedChannel()
        let reads = ReadCounter()
        let handler: HandshakeHandler
        private let promise: EventLoopPromise<Void>

        init() throws {
            self.promise = self.channel.eventLoop.makePromise()
            self.handler = HandshakeHandler(self.promise)
            try self.channel.pipeline.syncOperations.addHandler(self.reads)
            try self.channel.pipeline.syncOperations.addHandler(self.handler)
        }

        func finish() {
            self.channel.pipeline.fireUserInboundEventTriggered(
                TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
        }

        func outcome() throws { try self.promise.futureResult.wait() }
        func read() throws -> ByteBuffer? { try self.channel.readInbound() }
    }

    @Test("what comes before anybody reads is kept for the first who does, and the socket is read on")
    func keeps() throws {
        let handshake = try Handshake()
        handshake.finish()
        try handshake.outcome()
        try handshake.channel.writeInbound(ByteBuffer(string: "early"))
        #expect(try handshake.read() == nil)
        let before = handshake.reads.count
        handshake.channel.read()
        #expect(try handshake.read() == ByteBuffer(string: "early"))
        // A channel that reads by itself asks once: were that answered from here alone, it would never be read again.
        #expect(handshake.reads.count == before + 1)
        try handshake.channel.writeInbound(ByteBuffer(string: "late"))
        #expect(try handshake.read() == ByteBuffer(string: "late"))
        #expect(throws: ChannelPipelineError.self) {
            try handshake.channel.pipeline.syncOperations.handler(type: HandshakeHandler.self)
        }
    }

    @Test("the other side is checked once the handshake is done")
    func checked() throws {
        let handshake = try Handshake()
        handshake.handler.check = { false }
        handshake.finish()
        #expect(throws: TLSFailure.wrongName) { try handshake.outcome() }
    }

    @Test(
        "errors are told as what they mean",
        arguments: [
            (NIOSSLError.handshakeFailed(.sslError([.eofDuringHandshake])) as any Error, TLSFailure.closed),
            (NIOSSLExtraError.failedToValidateHostname, .wrongName),
            (NIOSSLError.unableToValidateCertificate, .notVerified),
            (ChannelError.alreadyClosed, .closed),
        ])
    func errors(error: any Error, failure: TLSFailure) throws {
        let handshake = try Handshake()
        handshake.channel.pipeline.fireErrorCaught(error)
        #expect(throws: failure) { try handshake.outcome() }
    }

    @Test("no end in time is a failure, and so is an end before it is done")
    func ends() throws {
        let late = try Handshake()
        late.handler.timedOut()
        #expect(throws: TLSFailure.timedOut) { try late.outcome() }
        let lost = try Handshake()
        lost.channel.pipeline.fireChannelInactive()
        #expect(throws: TLSFailure.closed) { try lost.outcome() }
    }
}
