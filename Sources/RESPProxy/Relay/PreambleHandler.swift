import BackingClient
import NIOCore
import RESPParser

/// Sends commands of the proxy's own at the start of a connection and takes their replies away, before anybody else uses it.
final class PreambleHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let preamble: Preamble
    private let connector: BackingConnector
    private let done: EventLoopPromise<Int?>
    private var replies = 0
    private var identifier: Int?
    private var splitter = ReplySplitter()
    /// What has come of the reply in hand.
    private var frame = ByteBuffer()

    /// - Parameters:
    ///   - connector: By which the connection was opened.
    ///   - done: Given the server's id of the connection, where a reply told it; fails with a ``BackingError`` when the server refuses one of the
    ///     commands, says something else than it should, or goes away.
    init(preamble: Preamble, connector: BackingConnector, done: EventLoopPromise<Int?>) {
        self.preamble = preamble
        self.connector = connector
        self.done = done
    }

    func handlerAdded(context: ChannelHandlerContext) {
        var encoded: [UInt8] = []
        for command in preamble.commands { RESPEncoder.command(command, into: &encoded) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: encoded)), promise: nil)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do throws(ProtocolError) {
            try take(unwrapInboundIn(data), context)
        } catch {
            fail(context, .notRESP)
        }
    }

    private func take(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) throws(ProtocolError) {
        var offset = 0
        while let event = try splitter.next(in: bytes.readableBytesSpan, at: &offset) {
            switch event {
            case .begins:
                // More than was asked for: what would come next is nobody's.
                guard replies < preamble.count else { return fail(context, .unasked) }
                frame.clear()
            case .piece(let range), .largeBlob(let range, _, _):
                bytes.readableBytesSpan.extracting(range).withUnsafeBytes { _ = frame.writeBytes($0) }
            case .end(let range):
                bytes.readableBytesSpan.extracting(range).withUnsafeBytes { _ = frame.writeBytes($0) }
                if let error = replyEnded() { return fail(context, error) }
            }
        }
        guard replies == preamble.count else { return }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
        done.succeed(identifier)
    }

    /// - Returns: Why the connection cannot be used.
    private func replyEnded() -> BackingError? {
        var reply = ReplyGlimpse()
        reply.type = splitter.frameType
        // A span needs an owner that stays: without run-time checks of exclusive access, a class's property is none.
        let frame = frame
        reply.append(frame.readableBytesSpan)
        switch preamble.change(ofReply: replies).form(of: reply, version: .resp2, queued: 0) {
        case .success:
            _ = IdentifierReply.hello.replacing(in: frame) { ofServer in
                identifier = ofServer
                return ofServer
            }
        case .refused:
            let text = frame.readableBytesView.dropFirst().dropLast(2)
            if preamble.isRefused(by: text, reply: replies) {
                return BackingError(code: .server, message: BackingCredentials.withoutEcho(Array(text)))
            }
        case .wrong: return .unasked
        }
        replies += 1
        return nil
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if replies < preamble.count { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(context, connector.refusal(error) ?? .lost)
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
