import Logging
import NIOCore

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
    /// The ups and downs are those of a fill lane; nothing is ever fetched here.
    private var machine: FillLaneStateMachine<Never>
    private var connection: InvalidationFeedHandler?
    private var retry: Scheduled<Void>?
    private var attempts: UInt64 = 0
    private var generator: any RandomNumberGenerator

    /// A feed of what the server at the other end of `connector` announces.
    public init(
        connector: BackingConnector, tracking: TrackingConfiguration, eventLoop: any EventLoop, logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.connector = connector
        self.generator = connector.makeGenerator()
        self.tracking = tracking
        self.machine = FillLaneStateMachine(address: connector.configuration.address)
        self.logger = logger
        self.logger[metadataKey: "backing"] = "\(connector.configuration.address)"
    }

    /// Starts connecting, and keeps connecting: at once, then with jittered backoff of at most 1 s.
    public func start() {
        self.eventLoop.preconditionInEventLoop()
        if self.machine.start() { self.connect() }
    }

    /// Closes for good.
    public func close() -> EventLoopFuture<Void> {
        self.eventLoop.preconditionInEventLoop()
        _ = self.machine.close()
        self.retry?.cancel()
        self.retry = nil
        let closed = self.connection?.close()
        self.connection = nil
        return closed ?? self.eventLoop.makeSucceededVoidFuture()
    }

    /// Makes sure that something is answered that is sent after `since`; the observer is told. Nothing, where the feed is not up.
    public func ask(since: UInt64) {
        self.eventLoop.preconditionInEventLoop()
        if self.machine.isReady { self.connection?.ask(since: since) }
    }

    private func connect() {
        self.connector.attempt(on: self.eventLoop) { result, started in
            switch result {
            case .success(let channel): self.connected(channel, started: started)
            case .failure(let error): self.down(error, nil)
            }
        }
    }

    private func connected(_ channel: any Channel, started: UInt64) {
        guard self.machine.connected() else {
            channel.close(promise: nil)
            return
        }
        self.attempts += 1
        let handler = InvalidationFeedHandler(
            machine: InvalidationFeedStateMachine(
                configuration: self.connector.configuration, tracking: self.tracking, generation: self.attempts,
                started: started),
            configuration: self.connector.configuration, feed: self)
        self.connection = handler
        do {
            try channel.addToConnected(handler)
        } catch {
            channel.close(promise: nil)
            _ = handler.close()
            self.down(.closedConnection(self.connector.configuration.address), nil)
        }
    }

    func up(_ identity: FeedIdentity, sent: UInt64) {
        guard self.machine.up(now: MonotonicClock.now()) != nil else { return }
        self.logger.debug("the server announces changes", metadata: ["client": "\(identity.redirectID)"])
        self.observer?.feedIsUp(identity, sent: sent)
    }

    func down(_ error: BackingError, _ refusal: FeedRefusal?) {
        self.connection = nil
        guard let action = self.machine.down(error, now: MonotonicClock.now(), using: &self.generator) else { return }
        let level: Logger.Level = action.isNews && refusal == nil ? .warning : .debug
        self.logger.log(level: level, "nothing is heard of changes: \(error)")
        self.retry = self.eventLoop.assumeIsolated().scheduleTask(in: action.retryIn) {
            if self.machine.retry() { self.connect() }
        }
        self.observer?.feedIsDown(error, refusal: refusal)
    }
}
