import NIOCore
import Time

/// Carries out what ``SubscriptionStateMachine`` decides, on one channel.
final class SentinelSubscriptionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The longest message that is understood, in bytes.
    private static let messageLimit = 1 << 16

    private var machine: SubscriptionStateMachine
    private let configuration: BackingConfiguration
    private var replies = FeedReader(limit: messageLimit)
    /// Cut when the connection is over, so that a subscription and its connections do not keep each other.
    private var subscription: SentinelSubscription?
    private var context: ChannelHandlerContext?
    private var timer = DeadlineTimer()

    init(machine: SubscriptionStateMachine, configuration: BackingConfiguration, subscription: SentinelSubscription) {
        self.machine = machine
        self.configuration = configuration
        self.subscription = subscription
    }

    /// - Returns: Done once the channel is closed; nil where there is none.
    func close() -> EventLoopFuture<Void>? {
        end()
        guard let context else { return nil }
        context.close(promise: nil)
        return context.channel.closeFuture
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard context.channel.isActive else { return }
        write(machine.handshakeCommands)
        updateTimer()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(.closedConnection(configuration.address))
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !machine.isClosed else { return }
        replies.append(unwrapInboundIn(data))
        do {
            // Who is told may close the subscription, hence the look at each turn.
            while !machine.isClosed, let incoming = try replies.next() {
                guard case .reply(let reply) = incoming else { continue }
                perform(machine.received(reply, now: MonotonicClock.now()))
            }
        } catch {
            fail(.nonsense(configuration.address, error))
        }
        updateTimer()
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.closedConnection(configuration.address))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(.ended(configuration, by: error))
    }

    // MARK: Carrying out

    private func perform(_ action: SubscriptionStateMachine.Action) {
        switch action {
        case .nothing: break
        case .goUp: subscription?.up()
        case .tell(let event): subscription?.told(event)
        case .ask: write([SubscriptionStateMachine.question])
        case .fail(let error): fail(error)
        }
    }

    private func write(_ commands: [[[UInt8]]]) {
        guard let context else { return }
        var bytes = ByteBuffer()
        for command in commands { HiredisCommand.append(command, to: &bytes) }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    private func fail(_ error: BackingError) {
        guard !machine.isClosed, let subscription else { return }
        end()
        context?.close(promise: nil)
        subscription.down(error)
    }

    private func end() {
        timer.cancel()
        subscription = nil
        machine.close()
    }

    private func updateTimer() {
        guard let context else { return }
        timer.update(to: machine.nextDeadline, on: context.eventLoop) { self.timerFired() }
    }

    private func timerFired() {
        timer.fired()
        perform(machine.timePassed(now: MonotonicClock.now()))
        updateTimer()
    }
}
