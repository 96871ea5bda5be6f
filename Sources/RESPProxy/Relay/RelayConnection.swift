import BackingClient
import NIOCore
import RESPParser
import Time

/// A connection to a server that belongs to one session at a time: raw frames both ways, replies scanned for their ends only.
///
/// Longer than 300 lines: what is passed on, replaced, held until its end or kept back is decided frame by frame, in one pass over what has come.
final class RelayConnection: ChannelInboundHandler, RemovableChannelHandler, BackingLink {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Let go when either side ends. Not weak: a session that was ever referred to weakly counts its references the slow way for good.
    private var receiver: (any RelayReceiver)?
    private var context: ChannelHandlerContext?
    private var splitter = ReplySplitter(limits: .relayed)
    private var glimpse = ReplyGlimpse()
    private var collects = false
    /// The frame in hand is the answer to a question of the proxy's own.
    private var isAnswer = false
    /// What of the frame in hand is replaced, and what of it has come.
    private var replacing = IdentifierReply.none
    private var gathered = ByteBuffer()
    private var fate = ReplyFate.passedOn
    /// What has come of a reply in earlier bytes that is yet to be judged.
    private var withheld = ByteBuffer()
    private var isReading = false
    /// Bytes that the server has sent.
    private(set) var receivedBytes: UInt64 = 0
    /// False once either side has closed it.
    private(set) var isOpen = true
    /// When it stood.
    let opened = MonotonicClock.now()
    private(set) lazy var lastHeard = opened
    private var standing: ConnectionStanding

    init(_ opened: OpenedRelay) {
        standing = ConnectionStanding(opened)
    }

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

    /// Whether it can be another session's: nothing is on its way.
    var mayBeLeft: Bool { isOpen && isAtFrameStart && isWritable && !standing.isAsking }

    // MARK: What the server knows of it

    /// Whether the server counts it as logged in, and will, whatever password it is given later.
    var isProven: Bool { standing.isProven }

    /// The server's id of it, once known.
    var identifier: Int? { standing.identifier }

    /// The server has told its id.
    func isKnown(by identifier: Int) { standing.isKnown(by: identifier) }

    /// A client has logged in on it, or out.
    func isLoggedIn(_ isLoggedIn: Bool) { standing.isLoggedIn(isLoggedIn) }

    /// Asks the server something of the proxy's own; to be called while no reply is outstanding, so that the next is the answer.
    ///
    /// - Returns: Whether an answer will come: it is not known yet, and was not refused.
    func ask(_ asked: ConnectionQuestion) -> Bool {
        guard !standing.isAsking else { return true }
        guard standing.mayAsk(asked), isOpen else { return false }
        standing.ask(asked)
        var command = ByteBuffer()
        RESPEncoder.command(asked.command, into: &command)
        write(command)
        flush()
        return true
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
    var isAtFrameStart: Bool { splitter.isBetweenFrames }

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

    /// Bytes that the server's socket has not taken.
    var bufferedBytes: Int { context?.channel.bufferedBytes ?? 0 }

    /// Closes at once, whatever the server has not taken; the receiver hears nothing more.
    func cut() {
        receiver = nil
        isOpen = false
        context?.close(promise: nil)
    }

    /// Closes; the receiver hears nothing more.
    func close() {
        receiver = nil
        isOpen = false
        context?.closeBehindWrites()
    }

    func giveUp() { context?.close(promise: nil) }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastHeard = MonotonicClock.now()
        guard let receiver else {
            // Nobody has asked anything: a push that was meant for a session that is gone, or an error before the end.
            isOpen = false
            context.close(promise: nil)
            return
        }
        var buffer = unwrapInboundIn(data)
        receivedBytes &+= UInt64(buffer.readableBytes)
        do throws(ProtocolError) {
            try scan(buffer, for: receiver)
            receiver.relayed(edits.passedOn(of: buffer))
        } catch {
            // What was whole before the fault still goes out.
            buffer = buffer.readSlice(length: lastFrameEnd) ?? ByteBuffer()
            let good = edits.passedOn(of: buffer)
            if good.readableBytes > 0 { receiver.relayed(good) }
            end(error: .notRESP, isInsideReply: startedEarlier)
            context.close(promise: nil)
        }
    }

    /// How far the bytes in hand are whole frames, and whether the frame behind them began in earlier bytes: for the case of a fault.
    private var lastFrameEnd = 0
    private var startedEarlier = false
    private var edits = ReplyEdits()

    /// Keeps a piece of a frame in which something is replaced, until the whole is there or is too much.
    private func gather(_ bytes: RawSpan, _ range: Range<Int>, isEnd: Bool, for receiver: any RelayReceiver) {
        bytes.extracting(range).withUnsafeBytes { _ = gathered.writeBytes($0) }
        guard isEnd || gathered.readableBytes > IdentifierReply.limit else {
            edits.drop(range)
            return
        }
        edits.replace(range, by: isEnd ? receiver.withOwnIdentifiers(gathered, replacing) : gathered)
        gathered = ByteBuffer()
        replacing = .none
    }

    private func scan(_ buffer: ByteBuffer, for receiver: any RelayReceiver) throws(ProtocolError) {
        let bytes = buffer.readableBytesSpan
        lastFrameEnd = 0
        edits.begin()
        startedEarlier = !splitter.isBetweenFrames
        var offset = 0
        /// Where the frame begins, or goes on.
        var frameStart = 0
        while receiver.matchesReplies || standing.isAsking, let event = try splitter.next(in: bytes, at: &offset) {
            switch event {
            case .begins(let type):
                guard frameBegins(type: type, for: receiver) else { return }
                frameStart = offset
            case .piece(let range), .largeBlob(let range, _, _):
                take(bytes, range, isEnd: false, for: receiver)
            case .end(let range):
                take(bytes, range, isEnd: true, for: receiver)
                lastFrameEnd = offset
                startedEarlier = false
                try frameEnded(frameStart..<offset, for: receiver)
            }
        }
        if fate == .judged, !splitter.isBetweenFrames { withhold(frameStart..<bytes.byteCount, of: buffer) }
    }

    /// - Returns: False where replies have ceased to be matched.
    private func frameBegins(type: UInt8, for receiver: any RelayReceiver) -> Bool {
        isAnswer = standing.isAsking && type != UInt8(ascii: ">")
        let treatment: ReplyTreatment
        if isAnswer {
            treatment = ReplyTreatment(fate: .dropped, needsGlimpse: true)
        } else {
            guard let given = receiver.treatReply(type: type) else { return false }
            treatment = given
        }
        fate = treatment.fate
        replacing = treatment.replacing
        collects = treatment.needsGlimpse || fate == .judged || type == UInt8(ascii: "-") || type == UInt8(ascii: ">")
        glimpse.reset(headLimit: fate == .judged ? Self.longestAnswer : ReplyGlimpse.headLimit)
        return true
    }

    private func take(_ bytes: RawSpan, _ range: Range<Int>, isEnd: Bool, for receiver: any RelayReceiver) {
        if fate == .dropped { edits.drop(range) }
        if replacing != .none { gather(bytes, range, isEnd: isEnd, for: receiver) }
        if collects { glimpse.append(bytes.extracting(range)) }
    }

    /// - Parameter range: Where the frame stands in the bytes in hand, as far as it is in them.
    private func frameEnded(_ range: Range<Int>, for receiver: any RelayReceiver) throws(ProtocolError) {
        glimpse.type = splitter.frameType
        if isAnswer {
            isAnswer = false
            try standing.answered(glimpse)
            receiver.ownQuestionAnswered()
        } else if glimpse.headLimit == Self.longestAnswer {
            judge(range, receiver.judge(glimpse))
        } else {
            receiver.replyEnded(glimpse)
        }
    }

    /// A reply that was to be judged is whole, and stands there in the bytes in hand, as far as it is in them.
    private func judge(_ range: Range<Int>, _ isAnswer: Bool) {
        guard fate == .judged else { return }
        if isAnswer { edits.drop(range) } else { edits.restore(withheld) }
        withheld.clear()
    }

    /// Keeps what there is of a reply that is to be judged, unless it is too long for an answer.
    private func withhold(_ range: Range<Int>, of buffer: ByteBuffer) {
        guard glimpse.head.count < Self.longestAnswer else {
            judge(range, false)
            fate = .passedOn
            return
        }
        edits.drop(range)
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
        end(error: nil, isInsideReply: !splitter.isBetweenFrames)
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
