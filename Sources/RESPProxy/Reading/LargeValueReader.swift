import BackingClient
import NIOCore
import RESPParser
import Time

/// Receives a value that is streamed past the cache, on the reader's event loop.
public protocol LargeValueReceiver: AnyObject {
    /// The value's length in bytes; called first, once, unless ``largeValueEnded(_:)`` comes at once.
    func largeValueBegins(length: Int)
    func largeValueChunk(_ bytes: ByteBuffer)
    /// The end: nil = whole; otherwise why it stopped (`.failure`), or `.absent` where the key has gone meanwhile.
    func largeValueEnded(_ outcome: FillOutcome?)
}

/// One `GET` on a connection of its own, logged in as the fill lane's user, streamed with back-pressure.
///
/// Chunks come only on demand: each ``resume()`` allows one more read from the socket.
public final class LargeValueReader {
    private let handler: LargeValueHandler

    /// - Parameter timeout: How long the server may be silent while it is being waited for.
    init(
        key: ByteBuffer, receiver: any LargeValueReceiver, channel: EventLoopFuture<any Channel>, timeout: TimeSpan
    ) {
        let handler = LargeValueHandler(key: key, receiver: receiver, timeout: timeout)
        self.handler = handler
        channel.assumeIsolated().whenComplete { result in
            do {
                let channel = try result.get()
                try channel.pipeline.syncOperations.addHandler(handler)
            } catch {
                handler.end(.failure(error as? BackingError ?? .lost))
            }
        }
    }

    /// Allows the next chunk.
    public func resume() { handler.resume() }

    /// Closes the connection; the receiver hears nothing more.
    public func cancel() { handler.cancel() }
}

/// The socket side of ``LargeValueReader``.
private final class LargeValueHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let key: ByteBuffer
    private let timeout: TimeSpan
    private var deadline: Scheduled<Void>?
    private weak var receiver: (any LargeValueReceiver)?
    private var context: ChannelHandlerContext?
    private var splitter = ReplySplitter(limits: FrameLimits(reportedBlobLength: -1))
    private var wantsMore = true
    private var isCancelled = false
    private var hasEnded = false
    /// Bytes of the body still to come; nil before its header.
    private var remaining: Int?
    /// A reply that is no bulk string: an error, or nil.
    private var line: [UInt8] = []

    init(key: ByteBuffer, receiver: any LargeValueReceiver, timeout: TimeSpan) {
        self.key = key
        self.timeout = timeout
        self.receiver = receiver
    }

    func resume() {
        wantsMore = true
        read()
    }

    private func read() {
        guard let context else { return }
        if deadline == nil {
            deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) { [weak self] in
                self?.end(.failure(.silent))
            }
        }
        context.read()
    }

    func cancel() {
        isCancelled = true
        hasEnded = true
        deadline?.cancel()
        receiver = nil
        context?.close(promise: nil)
    }

    func end(_ outcome: FillOutcome?) {
        guard !hasEnded else { return }
        hasEnded = true
        deadline?.cancel()
        context?.close(promise: nil)
        receiver?.largeValueEnded(outcome)
        receiver = nil
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard !isCancelled, context.channel.isActive else {
            context.close(promise: nil)
            end(.failure(.lost))
            return
        }
        var command: [UInt8] = []
        RESPEncoder.command(KeyRead.get.words(key: key), into: &command)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: command)), promise: nil)
        if wantsMore { read() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        wantsMore = false
        deadline?.cancel()
        deadline = nil
        do throws(ProtocolError) {
            try take(&bytes)
        } catch {
            end(.failure(.notRESP))
        }
    }

    private func take(_ bytes: inout ByteBuffer) throws(ProtocolError) {
        while bytes.readableBytes > 0, !hasEnded {
            if let remaining, let chunk = bytes.readSlice(length: min(remaining, bytes.readableBytes)) {
                self.remaining = remaining - chunk.readableBytes
                receiver?.largeValueChunk(chunk)
                if self.remaining == 0 { end(nil) }
                continue
            }
            var offset = 0
            guard let event = try splitter.next(in: bytes.readableBytesSpan, at: &offset) else { return }
            switch event {
            case .begins: break
            case .largeBlob(_, _, let length):
                bytes.moveReaderIndex(forwardBy: offset)
                remaining = length
                receiver?.largeValueBegins(length: length)
                if length == 0 { end(nil) }
            case .piece:
                line += bytes.readBytes(length: offset) ?? []
            case .end:
                line += bytes.readBytes(length: offset) ?? []
                if splitter.frameType == UInt8(ascii: "-") {
                    end(.failure(BackingError(code: .server, message: Array(line.dropFirst().dropLast(2)))))
                } else {
                    end(.absent)
                }
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Until the value has begun there is nothing to hold back.
        if !hasEnded, wantsMore || remaining == nil { read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.failure(.lost))
        context.fireChannelInactive()
    }
}
