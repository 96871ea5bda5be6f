import Logging
import NIOCore
import Time

/// Who hears what a Sentinel announces, on its event loop and in that order.
public protocol SentinelSubscriber: AnyObject {
    /// From here on nothing that it announces is missed.
    func subscriptionIsUp(to sentinel: BackingAddress)
    /// Something has happened.
    func sentinel(_ sentinel: BackingAddress, announced event: SentinelEvent)
    /// The connection was lost or could not be made; told for each failed attempt.
    func subscriptionIsDown(to sentinel: BackingAddress, error: BackingError)
}

/// A connection to one Sentinel on which it announces what happens, kept up.
///
/// Everything here runs on the event loop. It keeps itself alive from ``start()`` to ``close()``.
public final class SentinelSubscription {
    /// The Sentinel, as it was named.
    public let sentinel: BackingAddress

    private let connector: BackingConnector
    private let eventLoop: any EventLoop
    private let heartbeat: TimeSpan
    private let timeout: TimeSpan
    private let logger: Logger
    private weak var subscriber: (any SentinelSubscriber)?
    private let connection: ReconnectingConnection<SentinelSubscription>

    /// - Parameters:
    ///   - connector: to that Sentinel.
    ///   - heartbeat: how often it must answer.
    ///   - timeout: for the answer.
    public init(
        to sentinel: BackingAddress, connector: BackingConnector, heartbeat: TimeSpan, timeout: TimeSpan,
        eventLoop: any EventLoop, logger: Logger, subscriber: any SentinelSubscriber
    ) {
        self.sentinel = sentinel
        self.connector = connector
        self.eventLoop = eventLoop
        self.heartbeat = heartbeat
        self.timeout = timeout
        self.logger = logger
        self.subscriber = subscriber
        self.connection = ReconnectingConnection(connector, on: eventLoop)
    }

    /// Starts connecting, and keeps connecting: at once, then with jittered backoff of at most 1 s.
    public func start() { connection.start(for: self) }

    /// Closes for good.
    public func close() -> EventLoopFuture<Void> {
        connection.close()?.close() ?? eventLoop.makeSucceededVoidFuture()
    }

    func up() {
        guard let action = connection.up() else { return }
        logger.log(level: action.isBack ? .info : .debug, "the Sentinel at \(sentinel) is reachable")
        subscriber?.subscriptionIsUp(to: sentinel)
    }

    func told(_ event: SentinelEvent) { subscriber?.sentinel(sentinel, announced: event) }

    func down(_ error: BackingError) {
        guard let action = connection.down(error) else { return }
        let error = error.ofSentinel
        logger.log(level: action.isNews ? .warning : .debug, "the Sentinel at \(sentinel) is not heard: \(error)")
        subscriber?.subscriptionIsDown(to: sentinel, error: error)
    }
}

extension SentinelSubscription: ReconnectingConnectionOwner {
    func makeHandler(started: Instant) -> SentinelSubscriptionHandler {
        SentinelSubscriptionHandler(
            machine: SubscriptionStateMachine(
                address: connector.configuration.address, credentials: connector.configuration.credentials,
                heartbeat: heartbeat, timeout: timeout, now: MonotonicClock.now()),
            configuration: connector.configuration, subscription: self)
    }

    func connectingFailed(_ error: BackingError, handler: SentinelSubscriptionHandler?) {
        _ = handler?.close()
        down(error)
    }
}
