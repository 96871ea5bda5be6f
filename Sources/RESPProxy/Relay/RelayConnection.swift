import BackingClient
import NIOCore
import RESPParser

/// Who the replies of a connection of a session's own are for.
protocol RelayReceiver: AnyObject {
    /// Whether replies are matched to commands; otherwise bytes are only passed on.
    var matchesReplies: Bool { get }
    /// Whether the reply that begins must be looked at.
    var needsGlimpse: Bool { get }
    /// What is done with the reply that has begun with this byte.
    func fate(ofReply type: UInt8) -> ReplyFate
    /// A frame has ended that was to be judged; whether it answers a question of the proxy's own, and so is not passed on.
    func answered(_ reply: ReplyGlimpse) -> Bool
    /// Whether more may be read from the server now.
    var takesMore: Bool { get }
    func replyBegins(type: UInt8)
    func replyEnded(_ reply: ReplyGlimpse)
    /// Bytes of replies, after the events for what they contain.
    func relayed(_ bytes: ByteBuffer)
    func relayReadCompleted()
    func relayBecameWritable()
    /// The connection has ended; `error` is set where it was the server's fault, `isInsideReply` where a reply was cut.
    func relayEnded(error: BackingError?, isInsideReply: Bool)
}

/// What is done with a reply.
enum ReplyFate: Equatable, Sendable {
    case passedOn
    /// `CLIENT REPLY` keeps it from the client.
    case dropped
    /// It may answer a question of the proxy's own: that is known once it is whole.
    case judged
}

/// A connection to the backing that belongs to one session at a time: raw frames both ways, replies scanned for their ends only.
final class RelayConnection: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Let go when either side ends. Not weak: a session that was ever referred to weakly counts its references the slow way for good.
    private var receiver: (any RelayReceiver)?
    private var context: ChannelHandlerContext?
    private var scanner = FrameScanner(limits: .relayed)
    private var glimpse = ReplyGlimpse()
    private var collects = false
    private var fate = ReplyFate.passedOn
    /// What has come of a reply in earlier bytes that is yet to be judged.
    private var withheld = ByteBuffer()
    private var isReading = false
    /// False once either side has closed it.
    private(set) var isOpen = true
    /// When it stood, in monotonic nanoseconds.
    let opened = MonotonicClock.now()

    /// Makes the connection a session's own; nobody else's it may be.
    func attach(_ receiver: any RelayReceiver) {
        self.receiver = receiver
        readMore()
    }

    /// Nobody's from here on; whatever the server says then ends it.
    func detach() {
        receiver = nil
        readMore()
    }

    /// Gives the channel up to another handler; nil where it is no longer what a new one would be.
    func surrender() -> (any Channel)? {
        guard isOpen, isAtFrameStart, let context else { return nil }
        isOpen = false
        receiver = nil
        let channel = context.channel
        channel.pipeline.syncOperations.removeHandler(self, promise: nil)
        return channel
    }

    /// False in the middle of a reply or a push.
    var isAtFrameStart: Bool { scanner.isAtFrameStart }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func write(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    func flush() {
        context?.flush()
    }

    /// Asks for the next bytes; without, the server's replies stay in the socket, and so with the server.
    func readMore() {
        guard !isReading, let context else { return }
        isReading = true
        context.read()
    }

    /// Ends our side, behind everything written; the receiver goes on hearing what the server sends until it closes too.
    func finish() {
        guard let context else { return }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            channel.close(mode: .output, promise: nil)
        }
        readMore()
    }

    /// Closes; the receiver hears nothing more.
    func close() {
        receiver = nil
        isOpen = false
        context?.closeBehindWrites()
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let receiver else {
            // Nobody has asked anything: a push that was meant for a session that is gone, or an error before the end.
            isOpen = false
            context.close(promise: nil)
            return
        }
        var buffer = unwrapInboundIn(data)
        do throws(ProtocolError) {
            try scan(buffer, for: receiver)
            receiver.relayed(passedOn(of: buffer))
        } catch {
            // What was whole before the fault still goes out.
            buffer = buffer.readSlice(length: lastFrameEnd) ?? ByteBuffer()
            let good = passedOn(of: buffer)
            if good.readableBytes > 0 { receiver.relayed(good) }
            end(error: .notRESP, isInsideReply: startedEarlier)
            context.close(promise: nil)
        }
    }

    /// How far the bytes in hand are whole frames, and whether the frame behind them began in earlier bytes: for the case of a fault.
    private var lastFrameEnd = 0
    private var startedEarlier = false
    /// Where in the bytes in hand replies stand that are not passed on.
    private var dropped: [Range<Int>] = []
    /// The beginning of a reply that was withheld, and turned out to be the client's: it goes before the bytes in hand.
    private var restored = ByteBuffer()

    private func passedOn(of buffer: ByteBuffer) -> ByteBuffer {
        guard !dropped.isEmpty || restored.readableBytes > 0 else { return buffer }
        var passed = ByteBuffer()
        swap(&passed, &restored)
        var start = 0
        for range in dropped + [buffer.readableBytes..<buffer.readableBytes] {
            let part = buffer.getSlice(at: buffer.readerIndex + start, length: range.lowerBound - start)
            if let part { passed.writeImmutableBuffer(part) }
            start = range.upperBound
        }
        return passed
    }

    private func scan(_ buffer: ByteBuffer, for receiver: any RelayReceiver) throws(ProtocolError) {
        let bytes = buffer.readableBytesSpan
        lastFrameEnd = 0
        dropped.removeAll(keepingCapacity: true)
        startedEarlier = !scanner.isAtFrameStart
        var offset = 0
        /// Where the frame begins, or goes on.
        var frameStart = 0
        while offset < bytes.byteCount, receiver.matchesReplies {
            if scanner.isAtFrameStart {
                let type = bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
                receiver.replyBegins(type: type)
                guard receiver.matchesReplies else { return }
                fate = receiver.fate(ofReply: type)
                collects =
                    fate == .judged || receiver.needsGlimpse || type == UInt8(ascii: "-") || type == UInt8(ascii: ">")
                glimpse.reset(headLimit: fate == .judged ? Self.longestAnswer : ReplyGlimpse.headLimit)
                frameStart = offset
            }
            let start = offset
            let step = try scanner.scan(bytes, from: offset)
            switch step {
            case .needsMore: offset = bytes.byteCount
            case .largeBlob(_, let body, _): offset = body
            case .frameEnd(let end): offset = end
            }
            if fate == .dropped { dropped.append(start..<offset) }
            if collects { glimpse.append(bytes.extracting(start..<offset)) }
            if case .frameEnd = step {
                lastFrameEnd = offset
                startedEarlier = false
                glimpse.type = scanner.frameType
                if glimpse.headLimit == Self.longestAnswer {
                    judge(frameStart..<offset, receiver.answered(glimpse))
                } else {
                    receiver.replyEnded(glimpse)
                }
            }
        }
        if fate == .judged, !scanner.isAtFrameStart { withhold(frameStart..<bytes.byteCount, of: buffer) }
    }

    /// A reply that was to be judged is whole, and stands there in the bytes in hand, as far as it is in them.
    private func judge(_ range: Range<Int>, _ isAnswer: Bool) {
        guard fate == .judged else { return }
        if isAnswer { dropped.append(range) } else { restored = withheld }
        withheld.clear()
    }

    /// Keeps what there is of a reply that is to be judged, unless it is too long for an answer.
    private func withhold(_ range: Range<Int>, of buffer: ByteBuffer) {
        guard glimpse.head.count < Self.longestAnswer else {
            judge(range, false)
            fate = .passedOn
            return
        }
        dropped.append(range)
        if let part = buffer.getSlice(at: buffer.readerIndex + range.lowerBound, length: range.count) {
            withheld.writeImmutableBuffer(part)
        }
    }

    /// Answers to the proxy's own questions are shorter, in bytes.
    private static let longestAnswer = 65_536

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        guard let receiver else { return }
        receiver.relayReadCompleted()
        if receiver.takesMore { readMore() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { receiver?.relayBecameWritable() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(error: nil, isInsideReply: !scanner.isAtFrameStart)
        context.fireChannelInactive()
    }

    private func end(error: BackingError?, isInsideReply: Bool) {
        guard isOpen else { return }
        isOpen = false
        receiver?.relayEnded(error: error, isInsideReply: isInsideReply)
        receiver = nil
    }
}

extension FrameLimits {
    /// Of a reply that is passed on as it comes. A long line (an error that a script made) costs nothing, and a deep frame (a table that
    /// a script nested as far as Lua allows, several thousand levels) a few bytes a level; what has no end is a fault.
    static let relayed = FrameLimits(depth: 16_384, lineLength: 1 << 20)
}

extension ChannelHandlerContext {
    /// Closes once everything written so far is with the kernel: commands already received, and replies already made, are not lost.
    func closeBehindWrites() {
        let channel = channel
        writeAndFlush(NIOAny(ByteBuffer())).assumeIsolated().whenComplete { _ in channel.close(promise: nil) }
    }
}
