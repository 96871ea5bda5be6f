import BackingClient
import LocalCache
import Logging
import NIOCore
import RESPParser
import Time
import TransportSecurity

/// One RESP client: its bytes in, the replies out in the order of its commands.
///
/// It joins parts that each keep their own state: what has come from the client (``ClientInput``), which connection its commands go on
/// (``Attachment``), which reply is whose (``ReplyMatcher``), the reads under way (``ReadQueue``) and how new the cache must be for them
/// (``CacheFreshness``), replies that are held (``HeldReplies``) and those on their way out (``ReplyOutput``), its ids (``ClientIdentity``)
/// and its end (``SessionEnd``).
///
/// It is longer than 300 lines, over its files, because each event of a socket concerns several of these parts: what is here asks one what is to
/// be done and tells the others. It keeps no state of theirs: of its more than 20 properties most are the parts.
///
/// The session outlives its client where commands already received must still reach the server.
final class RESPSession: ChannelInboundHandler, ClientSession {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let loop: ProxyLoop
    let channel: any Channel
    /// Where the client is, as far as is known: the channel's other end, or whom that has named.
    let client: SocketAddress?
    let eventLoop: any EventLoop
    /// Whom the client's certificate names, if it does.
    let user: CertificateUser?
    var context: ChannelHandlerContext?
    /// The event loop's side of the server to which its connection leads, or will.
    private(set) var node: Node

    var input = ClientInput()
    let output: ReplyOutput
    let attachment: Attachment
    var matcher: ReplyMatcher
    var reads = ReadQueue()
    var freshness = CacheFreshness()
    var held = HeldReplies()
    let identity: ClientIdentity
    var end = SessionEnd()
    var patience = ReplyPatience()
    var turn = SessionTurn()
    /// The client's socket is being read.
    var isReading = false
    var earlierClients = EarlierClients.unknown
    var limitsDoubt = LimitsDoubt.none
    /// Counted among those who are to see every command.
    var isMonitoring = false

    /// - Parameters:
    ///   - client: where the client is; nil: where the channel says.
    ///   - user: whom the client's certificate names, if it does.
    init(loop: ProxyLoop, channel: any Channel, client: SocketAddress? = nil, user: CertificateUser? = nil) {
        self.loop = loop
        self.user = user
        self.channel = channel
        self.client = client ?? channel.remoteAddress
        self.eventLoop = channel.eventLoop
        output = ReplyOutput(channel: channel, flusher: loop.flusher)
        node = loop.nodes.any
        attachment = Attachment(source: node, conditions: node.coherence.conditions, user: user)
        matcher = ReplyMatcher(
            SessionState(byCertificate: user != nil, newIsDefaultUser: loop.access.newIsDefaultUser))
        identity = ClientIdentity(loop.identifiers)
    }

    /// Whether the session gets another connection once `RESET` is answered, because a new one is logged in.
    var reconnectsOnReset: Bool { loop.configuration.trustsClients || user != nil }

    /// Who the client is, for the log.
    var clientMetadata: Logger.Metadata { ["client": "\(client.map(\.endpoint) ?? "")"] }

    /// Whether its connection is its own and no other would do; see ``SessionStanding/staysWithServer``.
    var staysWithServer: Bool {
        guard attachment.own != nil else { return false }
        return !loop.nodes.areSeveral || !matcher.isClean || !attachment.isReplaceable(for: matcher.state)
    }

    /// Leaves the server to which its connection leads for another. Nothing is outstanding there.
    ///
    /// - Returns: False where it has to stay, or wait.
    @inline(__always)
    func move(to server: ServerID) -> Bool { server == node.server || leave(for: server) }

    @inline(never)
    private func leave(for server: ServerID) -> Bool {
        attachment.leave(matcher.state, owner: self)
        let other = loop.nodes[server]
        guard attachment.move(to: other, conditions: other.coherence.conditions) else { return false }
        node = other
        return true
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        output.attach(to: context)
        loop.sessionOpened(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        output.detach()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        input.receive(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        if end.isClosed { readMore() } else { process() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as ChannelEvent where event == .inputClosed:
            giveUpClient()
        case is ChannelShouldQuiesceEvent:
            // As Redis on SIGTERM: what was received is answered, then the connection ends.
            end.stopReading()
            process()
        case is IdleStateHandler.IdleStateEvent:
            if isClientIdle { giveUpClient() }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            output.forgetBacklog()
            attachment.readMore()
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
        matcher.isEmpty && reads.isEmpty && !held.isHolding && !attachment.isConnecting
            && (input.intake == .commands || input.intake == .ended)
    }

    /// Does what can be done now: takes commands, sends what is due, reads on.
    func process() {
        guard !turn.isUnderWay, !end.isClosed else { return }
        let started = MonotonicClock.now()
        turn.begin(at: started)
        output.open()
        answerReads()
        if identity.isSought { answerSeekers(now: started) }
        patience.turnEnded(isCommandWaiting: takeCommands(now: started))
        answerReads()
        input.releaseMemory()
        if turn.hits > 0 {
            loop.metrics.requestsEnded(
                .resp, .hit, .ok, count: turn.hits, took: MonotonicClock.now() - started)
        }
        attachment.flush()
        output.endTurn()
        turn.isUnderWay = false
        if !matcher.state.isProven { askForProof(now: started) }
        leaveConnection()
        endIfDone()
        watchDeparture()
        watchReplies()
        readMore()
    }

    /// Several events of one turn of the event loop are answered with one write.
    func scheduleTurn() {
        guard !turn.isScheduled, !end.isClosed else { return }
        turn.isScheduled = true
        loop.turns.schedule(self)
    }

    func takeTurn() {
        turn.isScheduled = false
        process()
    }

    func readMore() {
        // What comes when nothing more is taken is dropped; the client's end comes behind it, also while it has yet to take its last replies.
        guard !isReading, !end.inputHasEnded,
            end.isClosed
                || patience.mayRead(waitingBytes: input.readableBytes) && attachment.own?.isWritable != false
        else { return }
        isReading = true
        context?.read()
    }
}
