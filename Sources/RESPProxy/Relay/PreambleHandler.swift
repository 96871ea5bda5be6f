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
    ///   one of the commands, or goes away.
    init(preamble: Preamble, done: EventLoopPromise<Int?>) {
        self.preamble = preamble
        self.done = done
    }

    func handlerAdded(context: ChannelHandlerContext) {
        var encoded: [UInt8] = []
        for command in preamble.commands { RESPEncoder.command(command, into: &encoded) }
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
            guard let frame = received.readSlice(length: end) else { return }
            if frame.readableBytesView.first == UInt8(ascii: "-"), preamble.isRefused(by: frame, reply: replies) {
                let text = frame.readableBytesView.dropFirst().dropLast(2)
                fail(context, BackingError(code: .server, message: Array(text)))
                return
            }
            _ = IdentifierReply.hello.replacing(in: frame) { ofServer in
                identifier = ofServer
                return ofServer
            }
            replies += 1
        }
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
