import BackingClient
import DequeModule
import NIOCore
import RESPParser
import Time

/// One who sends commands on a connection that others share, and is given the replies to them.
protocol SharedReplyReceiver: AnyObject {
    /// The reply to the first of its commands that are outstanding begins with this byte.
    func sharedReplyBegins(type: UInt8)
    /// That reply has ended.
    func sharedReplyEnded(type: UInt8, length: Int, now: Instant)
    /// Bytes of replies, after the events for what they contain.
    ///
    /// - Returns: Whether they are the first since ``sharedReadCompleted()``.
    func sharedReply(_ buffer: ByteBuffer, _ range: Range<Int>) -> Bool
    /// Called once behind the replies that came together.
    func sharedReadCompleted()
    /// More waits for the client than is kept for it.
    var hasSharedBacklog: Bool { get }
    /// The client has taken nothing for a while, and holds up others.
    func closeForBacklog()
    /// The connection has ended under its commands; `isInsideReply` where the first reply had begun.
    func sharedConnectionLost(_ error: BackingError, isInsideReply: Bool)
}

/// A connection to the backing that sessions share: whole commands of many, pipelined, and each reply to the one who asked.
///
/// A session that does not take its replies has some of them kept (``SharedReplyReceiver/hasSharedBacklog``). Beyond that the connection is
/// not read until the client takes more; where it does not and others wait behind it, the client is closed.
///
/// It is longer than 300 lines and has more than 20 properties: what is counted for each command and each reply is kept where both pass, and asked without a call.
final class SharedConnection: ChannelInboundHandler, BackingLink {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Commands of one session in a row, all with short replies or none known to, and when the first of them was forwarded.
    private struct Owner {
        let receiver: any SharedReplyReceiver
        let hasShortReplies: Bool
        var count: Int
        var bytes: Int
        var since: Instant
    }

    /// How long the oldest command may be unanswered while the connection still takes new ones.
    static let patience = TimeSpan.milliseconds(50)

    private let eventLoop: any EventLoop
    /// Takes it out of the pool.
    private let ended: (SharedConnection) -> Void
    /// Told of each push, which is for nobody.
    private let pushDropped: () -> Void
    /// Told of each reply that says that the server is a replica.
    private let refusedWrite: () -> Void
    private var context: ChannelHandlerContext?
    /// That of the context, which would look it up each time.
    private var channel: (any Channel)?
    private var owners: Deque<Owner> = []
    private var longReplies = LongReplyWindow()
    /// What may be under way, and what is: commands, and their bytes.
    var quota: SharedQuota
    private var commandsUnderWay = 0
    private var bytesUnderWay = 0
    private var outgoing = ByteBuffer()
    private var isFlushScheduled = false
    private(set) var isOpen = true
    private(set) var lastHeard: Instant
    /// Set while nothing is read because of the session that is being answered; looks after a while whether that goes on.
    private var hold: Scheduled<Void>?
    private var splitter = ReplySplitter(limits: .relayed)
    /// Part of a reply has been handed on, and the rest is still to come.
    private var isInsideReply = false
    /// The frame in hand is a push.
    private var isInsidePush = false
    /// Whose replies came in this read.
    private var answered: [any SharedReplyReceiver] = []
    /// That of `answered` in turn: its memory is used again.
    private var completing: [any SharedReplyReceiver] = []

    let opened: Instant

    /// - Parameter opened: when the channel stood.
    init(
        eventLoop: any EventLoop, opened: Instant, quota: SharedQuota, ended: @escaping (SharedConnection) -> Void,
        pushDropped: @escaping () -> Void, refusedWrite: @escaping () -> Void = {}
    ) {
        self.eventLoop = eventLoop
        self.opened = opened
        self.quota = quota
        self.lastHeard = opened
        self.ended = ended
        self.pushDropped = pushDropped
        self.refusedWrite = refusedWrite
    }

    /// Whether the server takes more, and answers, and nothing long is in the way.
    func takesMore(now: Instant, hasShortReply: Bool) -> Bool {
        guard isWritable, isWithinQuota, hasShortReply ? !longReplies.isLong : longReplies.hasRoom else { return false }
        guard let oldest = owners.first else { return true }
        return now < oldest.since + Self.patience
    }

    /// Whether a session goes on with it that has commands outstanding on it.
    func goesOn(hasShortReply: Bool) -> Bool {
        isWritable && isWithinQuota && (hasShortReply || longReplies.hasRoom)
    }

    private var isWithinQuota: Bool { quota.allowsMore(commands: commandsUnderWay, bytes: bytesUnderWay) }

    /// Nobody waits for a reply.
    var isIdle: Bool { owners.isEmpty }

    /// False once it is closed, and while the server does not take what was sent.
    var isWritable: Bool { isOpen && channel?.isWritable ?? false }

    /// Sends a whole command at the end of the event loop's turn, together with the others of that turn.
    func forward(_ command: ByteBuffer, for receiver: any SharedReplyReceiver, hasShortReply: Bool, now: Instant) {
        if let last = owners.indices.last, owners[last].receiver === receiver,
            owners[last].hasShortReplies == hasShortReply
        {
            owners[last].count += 1
            owners[last].bytes += command.readableBytes
        } else {
            owners.append(
                Owner(
                    receiver: receiver, hasShortReplies: hasShortReply, count: 1, bytes: command.readableBytes,
                    since: now))
        }
        commandsUnderWay += 1
        bytesUnderWay += command.readableBytes
        if !hasShortReply { longReplies.began() }
        outgoing.writeImmutableBuffer(command)
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        eventLoop.assumeIsolated().execute { [self] in flush() }
    }

    private func flush() {
        isFlushScheduled = false
        guard let context, outgoing.readableBytes > 0 else { return }
        var bytes = outgoing
        outgoing = ByteBuffer()
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        bytes.reuse()
        // Somebody may have forwarded something while it was being written.
        if outgoing.capacity == 0 { outgoing = bytes }
    }

    /// Closes behind what was written.
    func close() {
        flush()
        isOpen = false
        context?.closeBehindWrites()
    }

    func giveUp() { context?.close(promise: nil) }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        channel = context.channel
        context.read()
        // It may have been closed before the handler was there to hear of it.
        if !context.channel.isActive { end(.lost) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        channel = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isOpen else { return }
        let buffer = unwrapInboundIn(data)
        do throws(ProtocolError) {
            try deliver(buffer)
        } catch {
            end(.notRESP)
            context.close(promise: nil)
        }
    }

    private func deliver(_ buffer: ByteBuffer) throws(ProtocolError) {
        let bytes = buffer.readableBytesSpan
        let now = MonotonicClock.now()
        lastHeard = now
        var offset = 0
        /// Where the bytes begin that go to the receiver of the first owner.
        var start = 0
        var frameStart = 0
        var current = splitter.isBetweenFrames || isInsidePush ? nil : owners.first?.receiver
        do throws(ProtocolError) {
            while let event = try splitter.next(in: bytes, at: &offset) {
                switch event {
                case .begins(let type):
                    isInsidePush = type == UInt8(ascii: ">")
                    let owner = isInsidePush ? nil : owners.first?.receiver
                    if owner !== current {
                        hand(buffer, start..<offset, to: current)
                        start = offset
                        current = owner
                    }
                    frameStart = offset
                    guard isInsidePush || owner != nil else {
                        // A reply that nobody waits for: the next one might be taken for another's.
                        end(.unasked)
                        context?.close(promise: nil)
                        return
                    }
                    owner?.sharedReplyBegins(type: type)
                case .piece, .largeBlob: break
                case .end where isInsidePush:
                    // Whoever is told an id has a connection of its own once it is used. This one was named by an id that was looked up in
                    // CLIENT LIST, or by chance; what is said to it is not about anybody's command.
                    isInsidePush = false
                    pushDropped()
                case .end:
                    isInsideReply = false
                    if splitter.frameType == UInt8(ascii: "-"), offset - frameStart == splitter.frameLength,
                        ReplyGlimpse.isWriteRefused(bytes.extracting(frameStart..<offset))
                    {
                        refusedWrite()
                    }
                    current?.sharedReplyEnded(type: splitter.frameType, length: splitter.frameLength, now: now)
                    takeOwner(now: now)
                }
            }
        } catch {
            hand(buffer, start..<frameStart, to: current)
            throw error
        }
        hand(buffer, start..<offset, to: current)
        isInsideReply = !splitter.isBetweenFrames && !isInsidePush
    }

    private func hand(_ buffer: ByteBuffer, _ range: Range<Int>, to receiver: (any SharedReplyReceiver)?) {
        guard let receiver, !range.isEmpty else { return }
        if receiver.sharedReply(buffer, range) { answered.append(receiver) }
    }

    private func takeOwner(now: Instant) {
        guard !owners.isEmpty else { return }
        if !owners[0].hasShortReplies { longReplies.ended(length: splitter.frameLength) }
        owners[0].count -= 1
        commandsUnderWay -= 1
        if owners[0].count == 0 {
            bytesUnderWay -= owners.removeFirst().bytes
        } else {
            // The next one has waited for this one, not for the server.
            owners[0].since = now
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        swap(&answered, &completing)
        for receiver in completing { receiver.sharedReadCompleted() }
        completing.removeAll(keepingCapacity: true)
        readOn()
    }

    /// Reads on, unless the session that is being answered has more than enough of it.
    func readOn() {
        guard isOpen, let context else { return }
        guard let receiver = owners.first?.receiver, receiver.hasSharedBacklog else {
            hold?.cancel()
            hold = nil
            context.read()
            return
        }
        guard hold == nil else { return }
        hold = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(Self.holdTime)) { [weak self] in
            guard let self else { return }
            hold = nil
            if receiver.hasSharedBacklog, owners.count > 1 { receiver.closeForBacklog() }
            readOn()
        }
    }

    /// How long a client may take nothing while others wait behind it.
    static let holdTime = TimeSpan.seconds(1)

    func channelInactive(context: ChannelHandlerContext) {
        end(.lost)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func end(_ error: BackingError) {
        guard isOpen else { return }
        isOpen = false
        hold?.cancel()
        ended(self)
        let cut = isInsideReply ? owners.first?.receiver : nil
        // A session is in one place only: all that it waits for was sent here.
        var told: Set<ObjectIdentifier> = []
        let owners = owners
        self.owners = []
        for owner in owners where told.insert(ObjectIdentifier(owner.receiver)).inserted {
            owner.receiver.sharedConnectionLost(error, isInsideReply: owner.receiver === cut)
        }
    }
}
