import BackingClient
import NIOCore
import RESPParser

/// Sends commands of the proxy's own at the start of a connection and takes their replies away, before anybody else uses it.
final class PreambleHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What is said, and what the server says to it where it agrees.
    struct Command {
        let words: [[UInt8]]
        let change: StateChange

        static func login(_ words: [[UInt8]]) -> Command { Command(words: words, change: .authenticate(user: [])) }
        static let resp3 = Command(
            words: [Array("HELLO".utf8), Array("3".utf8)], change: .hello(version: 3, user: nil, setsName: false))
        static func select(_ database: Int) -> Command {
            Command(words: [Array("SELECT".utf8), Array(String(database).utf8)], change: .select(database: database))
        }
    }

    private let commands: [Command]
    private let done: EventLoopPromise<Void>
    private var replies = 0
    private var received = ByteBuffer()
    private var scanner = FrameScanner()
    private var scanned = 0

    /// - Parameter done: Fails with a ``BackingError`` when the server refuses one, says something else than it should, or goes away.
    init(commands: [Command], done: EventLoopPromise<Void>) {
        self.commands = commands
        self.done = done
    }

    func handlerAdded(context: ChannelHandlerContext) {
        var encoded: [UInt8] = []
        for command in commands { RESPEncoder.command(command.words, into: &encoded) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: encoded)), promise: nil)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        do throws(ProtocolError) {
            try takeReplies(context)
        } catch {
            fail(context, .notRESP)
        }
    }

    private func takeReplies(_ context: ChannelHandlerContext) throws(ProtocolError) {
        while replies < commands.count {
            let bytes = received
            let step = try scanner.scan(bytes.readableBytesSpan, from: scanned)
            guard case .frameEnd(let end) = step else {
                scanned = received.readableBytes
                return
            }
            scanned = 0
            guard let frame = received.readBytes(length: end) else { return }
            var reply = ReplyGlimpse()
            reply.type = scanner.frameType
            reply.append(frame.span.bytes)
            switch commands[replies].change.form(of: reply, version: .resp2, queued: 0) {
            case .success: replies += 1
            case .refused:
                return fail(context, BackingError(code: .server, message: Array(frame.dropFirst().dropLast(2))))
            case .wrong: return fail(context, .unasked)
            }
        }
        // More than was asked for: what would come next is nobody's.
        guard received.readableBytes == 0 else { return fail(context, .unasked) }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
        done.succeed()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if replies < commands.count { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        done.fail(BackingError.lost)
        context.fireChannelInactive()
    }

    private func fail(_ context: ChannelHandlerContext, _ error: BackingError) {
        done.fail(error)
        context.close(promise: nil)
    }
}
