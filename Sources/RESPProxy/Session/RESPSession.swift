import BackingClient
import NIOCore
import RESPParser
import TransportSecurity

/// One RESP client: its bytes in, the replies out in the order of its commands. What goes where is decided by ``CommandRouter``,
/// ``ReadQueue`` and ``ReplyMatcher``; this executes it on the sockets.
///
/// The session outlives its client where commands already received must still reach the server.
final class RESPSession: ChannelInboundHandler, ClientSession {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What is done with the bytes that come from the client.
    enum Intake {
        case commands
        /// A command larger than ``streamingThreshold`` is passed on as it comes.
        case streaming
        /// The same, but there is no backing to pass it to, and its error has been sent.
        case skipping
        /// After `SYNC`: passed on unread.
        case tunnel
        /// Nothing more is taken: a protocol error, `QUIT`, or the end.
        case ended
    }

    enum Relay {
        case none
        case connecting
        /// The next command that needs it is answered with this.
        case failed(BackingError)
        /// The session's own.
        case open(RelayConnection)
        /// Held while commands of the session are outstanding on it.
        case shared(SharedConnection)
    }

    enum Newcomers {
        case unknown, awaited, settled
    }

    /// An unfinished command of at least this many bytes is streamed instead of kept.
    static let streamingThreshold = 65_536
    /// Replies from the cache that a client does not take are kept up to this; beyond it, its reads go to the server.
    static let answerLimit = 16 << 20
    /// Replies on a shared connection that a client does not take are kept up to this, in bytes; beyond it, the connection waits for the
    /// client, and the client is closed where others wait behind it.
    static let sharedReplyLimit = 32 << 20
    /// Commands that a session may have outstanding on a shared connection.
    static let sharedCommandLimit = 1_024
    /// Values at least this long are written where they lie, without a copy.
    static let referenceThreshold = 16_384

    let loop: ProxyLoop
    let channel: any Channel
    /// Where the client is, as far as is known: the channel's other end, or whom that has named.
    let client: SocketAddress?
    let eventLoop: any EventLoop
    var pool: RelayPool
    var context: ChannelHandlerContext?

    /// Whom the client's certificate names, if it does.
    let user: CertificateUser?
    /// Whether the session gets another connection once `RESET` is answered, because a new one is logged in.
    let reconnectsOnReset: Bool

    var matcher: ReplyMatcher
    var reads = ReadQueue()
    var relay: Relay = .none
    var intake: Intake = .commands
    var parser = CommandParser()
    var inbound = ByteBuffer()
    /// Commands to be written to the session's own connection at the end of the turn.
    var forwards = ByteBuffer()
    /// Replies to be written at the end of the turn; see ``openOutput()``.
    var output = ByteBuffer()
    /// What was written last in this turn.
    var written = ByteBuffer()
    /// Something was written since the last flush.
    var isFlushDue = false
    /// What was written is sent at the end of the event loop's turn.
    var isFlushScheduled = false
    /// Bytes of values written without a copy in this turn.
    var referenced = 0
    /// Sent, and then the connection closed, once everything before it is answered.
    var lastReply: ByteBuffer?
    /// Nothing more is read from the client: it has ended its side, or the proxy is stopping.
    var inputHasEnded = false
    /// The client has ended its side, or is gone.
    var clientHasEnded = false
    var isProcessing = false
    var isTurnScheduled = false
    var isReading = false
    var isClosed = false
    var isWithdrawn = false
    /// The command that is passed on as it comes has no end: what follows is none of the protocol's.
    var isCommandBroken = false
    /// Nothing is left that the session waits for.
    var isReleased = false
    /// Counted among those whose client is gone.
    var isLeft = false
    /// Set once the client has ended its side while something is left to be done for it.
    var departure: Departure?
    var nextLook: Scheduled<Void>?
    /// Set while something waits for replies.
    var replyWatch: ReplyWatch?
    /// The command in hand has waited for so long that the client may be gone behind it.
    var isReadingAhead = false
    /// What the route of the command in hand waits for has not come yet.
    var isWaiting = false
    /// A line that only the server can split has not been answered.
    var awaitsLine = false
    /// Replies on a shared connection have come, and it has not been read to the end yet.
    var awaitsSharedRead = false
    /// Bytes of such replies since the client stopped taking them.
    var sharedBacklog = 0
    /// Whether the reply to the command that is being forwarded is known to be short.
    var hasShortReply = false
    /// So many of the next commands do not share a connection, because a reply turned out large.
    var commandsUnshared = 0
    /// When the client was last sent something of the server's that the cache may be older than, in monotonic nanoseconds.
    var lastRelayed: UInt64 = 0
    /// What was relayed up to then, the cache is at least as new as.
    var barrierSettled: UInt64 = 0
    var isAwaitingBarrier = false
    /// The read of several keys in hand has waited for a barrier already.
    var hasAwaitedTogether = false
    /// Whether one of the reads that are under way was not looked up in the cache, because that could not be believed.
    var hasLookedPast = false
    var identity = SessionIdentity()
    /// Set while replies of the session's own connection wait for a barrier.
    var held: HeldReplies?
    /// Nothing has been relayed yet.
    var isNew = true
    /// When the client logged in, in monotonic nanoseconds; 0: it has not.
    var loggedIn: UInt64 = 0
    /// Whether the clients that came before the command in hand are there.
    var newcomers = Newcomers.unknown
    /// `RESET` has logged the connection out: once what has come is passed on, the session gets a new one.
    var awaitsNewConnection = false
    /// Counted among those who are to see every command.
    var isMonitoring = false
    var hits: UInt64 = 0
    /// In monotonic nanoseconds.
    var turnStarted: UInt64 = 0
    /// When this turn's replies of the server came: one look at the clock for all of them.
    var relayReadTime: UInt64?

    /// - Parameters:
    ///   - client: where the client is; nil: where the channel says.
    ///   - user: whom the client's certificate names, if it does.
    init(loop: ProxyLoop, channel: any Channel, client: SocketAddress? = nil, user: CertificateUser? = nil) {
        self.loop = loop
        self.user = user
        reconnectsOnReset = loop.configuration.trustsClients || user != nil
        matcher = ReplyMatcher(SessionState(byCertificate: user != nil))
        self.channel = channel
        self.client = client ?? channel.remoteAddress
        self.eventLoop = channel.eventLoop
        self.pool = loop.pool
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.sessionOpened(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard intake != .ended else { return }
        var bytes = unwrapInboundIn(data)
        if inbound.readableBytes == 0 {
            inbound = bytes
        } else {
            inbound.discardReadBytes()
            inbound.writeBuffer(&bytes)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        if isClosed { readMore() } else { process() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as ChannelEvent where event == .inputClosed:
            giveUpClient()
        case is ChannelShouldQuiesceEvent:
            // As Redis on SIGTERM: what was received is answered, then the connection ends.
            inputHasEnded = true
            process()
        case is IdleStateHandler.IdleStateEvent:
            if isClientIdle { giveUpClient() }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            sharedBacklog = 0
            if case .shared(let connection) = relay { connection.readOn() }
            if case .open(let connection) = relay { connection.readMore() }
            process()
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Complete commands already received still go to the server; their replies are dropped.
        clientIsGone()
        context.fireChannelInactive()
    }

    // MARK: The turn

    /// Nothing is outstanding anywhere.
    var isIdle: Bool {
        guard matcher.isEmpty, reads.isEmpty, held == nil, intake == .commands || intake == .ended else { return false }
        if case .connecting = relay { return false }
        return true
    }

    /// Does what can be done now: takes commands, sends what is due, reads on.
    func process() {
        guard !isProcessing, !isClosed else { return }
        isProcessing = true
        let started = MonotonicClock.now()
        turnStarted = started
        hits = 0
        openOutput()
        answerReads()
        answerSeekers(now: started)
        takeCommands(now: started)
        answerReads()
        // The socket's next read may then use the same memory again.
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        if hits > 0 {
            loop.metrics.requestsEnded(
                .resp, .hit, .ok, count: hits, nanoseconds: MonotonicClock.now() &- started)
        }
        flushForwards()
        flushOutput()
        isProcessing = false
        if !matcher.state.isProven { askForProof(now: started) }
        leaveConnection()
        endIfDone()
        watchDeparture()
        if isWaiting || lastReply != nil { watchReplies() }
        isReadingAhead = isReadingAhead && isWaiting
        readMore()
    }

    /// Several events of one turn of the event loop are answered with one write.
    func scheduleTurn() {
        guard !isTurnScheduled, !isClosed else { return }
        isTurnScheduled = true
        loop.turns.schedule(self)
    }

    func takeTurn() {
        isTurnScheduled = false
        process()
    }

    func readMore() {
        // What comes when nothing more is taken is dropped; the client's end comes behind it, also while it has yet to take its last replies.
        guard !isReading, !inputHasEnded, isClosed || readsCommands else { return }
        isReading = true
        context?.read()
    }

    private var readsCommands: Bool {
        guard !isWaiting || readsAhead else { return false }
        if case .open(let connection) = relay { return connection.isWritable }
        return true
    }

    /// Whether all that is not answered is a command that has not been received whole, and never will be.
    var isCutShort: Bool { (intake == .streaming || isCommandBroken) && matcher.count <= 1 }

    func endIfDone() {
        guard !isClosed else { return }
        // The rest of what there was no server for never comes.
        if intake == .skipping, inputHasEnded { intake = .ended }
        if let last = lastReply, reads.isEmpty, matcher.isEmpty || isCutShort, !isInsideReply {
            lastReply = nil
            if matcher.state.replies == .on { send(last) }
            close()
        } else if inputHasEnded, canForward {
            // A blocked command is withdrawn, and a half-received one has no end; everything else is answered first.
            if matcher.isBlocked || isCutShort {
                withdraw()
            } else if isIdle, !isWaiting {
                close()
            }
        }
    }

    /// Passes the end of the client's input on: the server then does with what it has received what it would do for a client of
    /// its own, and closes; so do we.
    func withdraw() {
        guard !isWithdrawn else { return }
        isWithdrawn = true
        if case .open(let connection) = relay { connection.finish() } else { close() }
    }

    /// Ends both connections. What was written is still sent; the fences of writes whose replies nobody waits for any more stay up
    /// until the server has closed too, and so has done what it received.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        intake = .ended
        giveUpIdentity()
        context?.closeBehindWrites()
        switch relay {
        case .open(let connection) where connection.isOpen: connection.finish()
        case .shared where !matcher.isEmpty: break
        case .none, .connecting, .failed, .shared, .open: release()
        }
        watchDeparture()
        readMore()
    }

    /// Nothing is left to be waited for.
    func release() {
        defer { departed() }
        relay = .none
        giveUpIdentity()
        dropFences(matcher.connectionEnded())
        noteMonitoring()
        loop.sessionClosed(self)
    }
}
