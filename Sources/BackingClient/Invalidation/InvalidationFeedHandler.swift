import NIOCore
import Time

/// Carries out what ``InvalidationFeedStateMachine`` decides, on one channel.
final class InvalidationFeedHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var machine: InvalidationFeedStateMachine
    private let configuration: BackingConfiguration
    private var replies = FeedReader()
    /// Cut when the connection is over, so that a feed and its connections do not keep each other.
    private var feed: InvalidationFeed?
    private var context: ChannelHandlerContext?
    private var timer = DeadlineTimer()

    init(machine: InvalidationFeedStateMachine, configuration: BackingConfiguration, feed: InvalidationFeed) {
        self.machine = machine
        self.configuration = configuration
        self.feed = feed
    }

    /// Makes sure that something is answered that is sent after `since`.
    func ask(since: Instant) {
        guard self.machine.ask(since: since, now: MonotonicClock.now()) else { return }
        self.write([self.machine.question])
        self.updateTimer()
    }

    /// - Returns: Done once the channel is closed; nil where there is none.
    func close() -> EventLoopFuture<Void>? {
        self.end()
        guard let context else { return nil }
        context.close(promise: nil)
        return context.channel.closeFuture
    }

    private func write(_ commands: [[[UInt8]]]) {
        guard let context else { return }
        var bytes = ByteBuffer()
        for command in commands { HiredisCommand.append(command, to: &bytes) }
        context.writeAndFlush(self.wrapOutboundOut(bytes), promise: nil)
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard context.channel.isActive else { return }
        self.write(self.machine.handshakeCommands)
        self.updateTimer()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.fail(.closedConnection(self.configuration.address), nil)
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.machine.isClosed else { return }
        self.replies.append(self.unwrapInboundIn(data))
        do {
            // The observer may close the feed, hence the look at each turn.
            while !self.machine.isClosed, let incoming = try self.replies.next() {
                self.perform(self.machine.received(incoming, now: MonotonicClock.now()))
            }
        } catch {
            self.fail(.nonsense(self.configuration.address, error), nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.updateTimer()
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.fail(.closedConnection(self.configuration.address), nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.fail(.ended(self.configuration, by: error), nil)
    }

    // MARK: Carrying out

    private func perform(_ action: InvalidationFeedStateMachine.Action) {
        switch action {
        case .nothing: break
        case .goUp(let identity, let sent): self.feed?.up(identity, sent: sent)
        case .invalidate(let keys): self.feed?.observer?.feedInvalidated(keys)
        case .flush: self.feed?.observer?.feedInvalidatedAll()
        case .ask: self.write([self.machine.question])
        case .answered(let sent, let asks):
            if asks { self.write([self.machine.question]) }
            self.feed?.observer?.feedAnswered(sent: sent)
        case .fail(let error, let refusal): self.fail(error, refusal)
        }
    }

    private func fail(_ error: BackingError, _ refusal: FeedRefusal?) {
        guard !self.machine.isClosed, let feed else { return }
        self.end()
        self.context?.close(promise: nil)
        feed.down(error, refusal)
    }

    private func end() {
        self.timer.cancel()
        self.feed = nil
        self.machine.close()
    }

    private func updateTimer() {
        guard let context else { return }
        self.timer.update(to: self.machine.nextDeadline, on: context.eventLoop) { self.timerFired() }
    }

    private func timerFired() {
        self.timer.fired()
        switch self.machine.timePassed(now: MonotonicClock.now()) {
        case .nothing: break
        case .ask: self.write([self.machine.question])
        case .fail(let error): self.fail(error, nil)
        }
        self.updateTimer()
    }
}
