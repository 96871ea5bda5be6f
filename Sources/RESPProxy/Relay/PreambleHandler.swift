import BackingClient
import NIOCore
import RESPParser

/// Sends commands of the proxy's own at the start of a connection and takes their replies away, before anybody else uses it.
final class PreambleHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let commands: [[[UInt8]]]
    private let done: EventLoopPromise<Void>
    private var replies = 0
    private var received = ByteBuffer()
    private var scanner = FrameScanner()
    private var scanned = 0

    /// - Parameter done: Fails with a ``BackingError`` when the server refuses one, or goes away.
    init(commands: [[[UInt8]]], done: EventLoopPromise<Void>) {
        self.commands = commands
        self.done = done
    }

    func handlerAdded(context: ChannelHandlerContext) {
        var encoded: [UInt8] = []
        for command in commands { RESPEncoder.command(command, into: &encoded) }
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
            if frame.first == UInt8(ascii: "-") {
                fail(context, BackingError(code: .server, message: Array(frame.dropFirst().dropLast(2))))
                return
            }
            replies += 1
        }
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
