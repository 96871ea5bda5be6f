import Logging
import NIOCore
import Time

/// The one connection of the process on which the server announces what has changed, kept up.
///
/// Everything here runs on `eventLoop`. The feed keeps itself alive from ``start()`` to ``close()``.
public final class InvalidationFeed {
    /// The event loop of everything here.
    public let eventLoop: any EventLoop
    /// Hears what is announced.
    public weak var observer: (any InvalidationFeedObserver)?

    private let connector: BackingConnector
    private let tracking: TrackingConfiguration
    private var logger: Logger
    private let connection: ReconnectingConnection<InvalidationFeed>
    private var attempts: UInt64 = 0

    /// A feed of what the server at the other end of `connector` announces.
    public init(
        connector: BackingConnector, tracking: TrackingConfiguration, eventLoop: any EventLoop, logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.connector = connector
        self.tracking = tracking
        self.connection = ReconnectingConnection(connector, on: eventLoop)
        self.logger = logger
        self.logger[metadataKey: "backing"] = "\(connector.configuration.address)"
    }

    /// Starts connecting, and keeps connecting: at once, then with jittered backoff of at most 1 s.
    public func start() {
        self.eventLoop.preconditionInEventLoop()
        self.connection.start(for: self)
    }

    /// The server is there by now: it is connected to at once, where the next attempt is waited for.
    public func hurry() {
        self.eventLoop.preconditionInEventLoop()
        self.connection.hurry()
    }

    /// Closes for good.
    public func close() -> EventLoopFuture<Void> {
        self.eventLoop.preconditionInEventLoop()
        return self.connection.close()?.close() ?? self.eventLoop.makeSucceededVoidFuture()
    }

    /// Makes sure that something is answered that is sent after `since`; the observer is told. Nothing, where the feed is not up.
    public func ask(since: Instant) {
        self.eventLoop.preconditionInEventLoop()
        if self.connection.isReady { self.connection.handler?.ask(since: since) }
    }

    func up(_ identity: FeedIdentity, sent: Instant) {
        guard self.connection.up() != nil else { return }
        self.logger.debug("the server announces changes", metadata: ["client": "\(identity.redirectID)"])
        self.observer?.feedIsUp(identity, sent: sent)
    }

    func down(_ error: BackingError, _ refusal: FeedRefusal?) {
        let error = self.connector.cause(of: error)
        guard let action = self.connection.down(error) else { return }
        let level: Logger.Level = action.isNews && refusal == nil ? .warning : .debug
        self.logger.log(level: level, "nothing is heard of changes: \(error)")
        self.observer?.feedIsDown(error, refusal: refusal)
    }
}

extension InvalidationFeed: ReconnectingConnectionOwner {
    func makeHandler(started: Instant) -> InvalidationFeedHandler {
        self.attempts += 1
        return InvalidationFeedHandler(
            machine: InvalidationFeedStateMachine(
                configuration: self.connector.configuration, tracking: self.tracking, generation: self.attempts,
                started: started),
            configuration: self.connector.configuration, feed: self)
    }

    func connectingFailed(_ error: BackingError, handler: InvalidationFeedHandler?) {
        _ = handler?.close()
        self.down(error, nil)
    }
}
