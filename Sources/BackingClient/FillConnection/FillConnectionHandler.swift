import NIOCore
import Time

/// Who is told what becomes of a fill connection.
protocol FillConnectionDelegate: AnyObject {
    func fillConnectionIsUp(_ connection: FillConnectionHandler, commandTable: ByteBuffer?)
    func fillConnection(isTrackedBy generation: UInt64)
    func fillConnection(wasRefused refusal: FeedRefusal)
    /// Told where changes are tracked, and where somebody has asked: a question sent at that time has been answered.
    func fillConnection(answered sent: Instant)
    /// Told once, whether it was up or not; the waiters are the delegate's to fail.
    func fillConnection(
        _ connection: FillConnectionHandler, failedWith error: BackingError, waiters: [FillConnectionHandler.Waiting])
}

/// Carries out what ``FillConnectionStateMachine`` decides, on one channel.
final class FillConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Waiting = (waiter: Fetch, sent: Instant)

    private let configuration: BackingConfiguration
    private var machine: FillConnectionStateMachine<Fetch>
    private var replies: ReplyReader
    /// Cut when the connection is over, so that a lane and its connections do not keep each other.
    private var delegate: (any FillConnectionDelegate)?
    private var context: ChannelHandlerContext?
    /// What this turn of the event loop writes at its end.
    private var outgoing = ByteBuffer()
    private var isFlushScheduled = false
    private static let keptCapacity = 1 << 16
    private var timer = DeadlineTimer()
    private var lastToldAnswer = Instant.distantPast

    /// - Parameter started: when the attempt to connect began.
    init(configuration: BackingConfiguration, started: Instant, delegate: any FillConnectionDelegate) {
        self.configuration = configuration
        self.machine = FillConnectionStateMachine(configuration: configuration, started: started)
        self.replies = ReplyReader(maxValueSize: configuration.maxValueSize)
        self.delegate = delegate
    }

    // MARK: What the lane asks for

    /// Encodes the fetch; it is written together with the others of this turn of the event loop.
    func fetch(_ fetch: Fetch) {
        let isWrapped = self.machine.fetch(fetch.read, for: fetch)
        self.outgoing.writeFetch(fetch.read, of: fetch.key, isWrapped: isWrapped)
        self.scheduleFlush()
    }

    /// The invalidation feed that stands from now on.
    func feedChanged(to feed: FeedIdentity?) {
        guard let command = self.machine.feedChanged(to: feed) else { return }
        HiredisCommand.append(command, to: &self.outgoing)
        self.scheduleFlush()
    }

    /// Makes sure that something is answered that is sent after `since`.
    func ask(since: Instant) {
        if self.machine.ask(since: since) { self.ping() }
    }

    private func ping() {
        HiredisCommand.append("PING", to: &self.outgoing)
        self.scheduleFlush()
    }

    /// Closes the channel; those who wait are the caller's.
    func close() -> (closed: EventLoopFuture<Void>?, waiters: [Waiting]) {
        let waiters = self.end()
        guard let context else { return (nil, waiters) }
        context.close(promise: nil)
        return (context.channel.closeFuture, waiters)
    }

    // MARK: Writing

    private func scheduleFlush() {
        guard !self.isFlushScheduled, let context else { return }
        self.isFlushScheduled = true
        context.eventLoop.assumeIsolated().execute { self.flush() }
    }

    private func flush() {
        self.isFlushScheduled = false
        guard let context, !self.machine.isClosed, self.outgoing.readableBytes > 0 else { return }
        var bytes = self.outgoing
        self.outgoing = ByteBuffer()
        self.machine.written(at: MonotonicClock.now())
        self.replies.collectsRawFrame = self.machine.expectsRawFrame
        context.writeAndFlush(self.wrapOutboundOut(bytes), promise: nil)
        // Written, as nearly always, its memory serves for the next.
        if self.outgoing.capacity == 0 {
            bytes.reuse(upTo: Self.keptCapacity)
            self.outgoing = bytes
        }
        self.updateTimer()
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard context.channel.isActive else { return }
        for command in self.machine.handshakeCommands { HiredisCommand.append(command, to: &self.outgoing) }
        self.replies.collectsRawFrame = self.machine.expectsRawFrame
        self.flush()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.fail(.closedConnection(self.configuration.address))
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.machine.isClosed else { return }
        self.machine.heard(at: MonotonicClock.now())
        self.replies.append(self.unwrapInboundIn(data))
        do {
            // A completion may close the lane, hence the look at each turn.
            while !self.machine.isClosed, let reply = try self.replies.next() {
                self.perform(self.machine.received(reply))
                self.replies.collectsRawFrame = self.machine.expectsRawFrame
            }
        } catch {
            self.fail(.nonsense(self.configuration.address, error))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Once for all replies of one read.
        let isOfInterest = self.configuration.tracking != nil || self.machine.wanted > self.lastToldAnswer
        if isOfInterest, self.machine.lastAnswered > self.lastToldAnswer {
            self.lastToldAnswer = self.machine.lastAnswered
            self.delegate?.fillConnection(answered: self.lastToldAnswer)
            if self.machine.askAgain() { self.ping() }
        }
        self.updateTimer()
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.fail(.closedConnection(self.configuration.address))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.fail(.ended(self.configuration, by: error))
    }

    // MARK: Carrying out

    private func perform(_ action: consuming FillConnectionStateMachine<Fetch>.ReplyAction) {
        switch consume action {
        case .nothing: break
        case .goUp(let commandTable): self.delegate?.fillConnectionIsUp(self, commandTable: commandTable)
        case .write(let commands):
            for command in commands { HiredisCommand.append(command, to: &self.outgoing) }
            self.scheduleFlush()
        case .tracked(let generation): self.delegate?.fillConnection(isTrackedBy: generation)
        case .trackingRefused(let refusal): self.delegate?.fillConnection(wasRefused: refusal)
        case .complete(let fetch, let reply): fetch.end(with: reply)
        case .fail(let error): self.fail(error)
        }
    }

    private func fail(_ error: BackingError) {
        guard !self.machine.isClosed, let delegate else { return }
        let waiters = self.end()
        self.context?.close(promise: nil)
        delegate.fillConnection(self, failedWith: error, waiters: waiters)
    }

    private func end() -> [Waiting] {
        self.timer.cancel()
        self.delegate = nil
        return self.machine.close()
    }

    private func updateTimer() {
        guard let context else { return }
        self.timer.update(to: self.machine.nextDeadline, on: context.eventLoop) { self.timerFired() }
    }

    private func timerFired() {
        self.timer.fired()
        switch self.machine.timePassed(now: MonotonicClock.now()) {
        case .nothing:
            break
        case .ping:
            HiredisCommand.append("PING", to: &self.outgoing)
            self.flush()
        case .fail(let error):
            self.fail(error)
        }
        self.updateTimer()
    }
}
