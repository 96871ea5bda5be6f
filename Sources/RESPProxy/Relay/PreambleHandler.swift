import BackingClient
import NIOCore
import RESPParser

/// Sends commands of the proxy's own at the start of a connection and takes their replies away, before anybody else uses it.
final class PreambleHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let preamble: Preamble
    private let done: EventLoopPromise<Int?>
    private var replies = 0
    private var identifier: Int?
    private var received = ByteBuffer()
    private var scanner = FrameScanner()
    private var scanned = 0

    /// - Parameter done: Given the server's id of the connection, where a reply told it; fails with a ``BackingError`` when the server refuses
    ///   one of the commands, says something else than it should, or goes away.
    init(preamble: Preamble, done: EventLoopPromise<Int?>) {
        self.preamble = preamble
        self.done = done
    }

    func handlerAdded(context: ChannelHandlerContext) {
        var encoded: [UInt8] = []
        for command in preamble.commands { RESPEncoder.command(command.words, into: &encoded) }
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
        while replies < preamble.commands.count {
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
            switch preamble.commands[replies].change.form(of: reply, version: .resp2, queued: 0) {
            case .success:
                _ = IdentifierReply.hello.replacing(in: ByteBuffer(bytes: frame)) { ofServer in
                    identifier = ofServer
                    return ofServer
                }
            case .refused:
                let text = frame.dropFirst().dropLast(2)
                guard preamble.isRefused(by: text, reply: replies) else { break }
                return fail(context, BackingError(code: .server, message: Array(text)))
            case .wrong: return fail(context, .unasked)
            }
            replies += 1
        }
        // More than was asked for: what would come next is nobody's.
        guard received.readableBytes == 0 else { return fail(context, .unasked) }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
        done.succeed(identifier)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if replies < preamble.commands.count { context.read() }
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
