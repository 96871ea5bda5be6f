import Logging
import NIOCore
import Time

/// The fill lane of one event loop: one pipelined connection to the backing, kept up, on which missed values are fetched.
///
/// Everything here runs on `eventLoop`. The lane keeps itself alive from ``start()`` to ``close()``.
public final class FillLane {
    /// The event loop of everything here.
    public let eventLoop: any EventLoop
    /// The lane's number, by which the cache tells lanes apart.
    public let index: Int

    private let connector: BackingConnector
    private var logger: Logger
    /// Hears of ups and downs.
    public weak var observer: (any FillLaneObserver)? = nil
    private let connection: ReconnectingConnection<FillLane>
    private var queue: FetchQueue<Fetch>
    private var feed: FeedIdentity?

    /// - Parameter observer: Hears of ups and downs; held weakly.
    public init(
        index: Int, connector: BackingConnector, eventLoop: any EventLoop, logger: Logger,
        observer: (any FillLaneObserver)? = nil
    ) {
        self.index = index
        self.eventLoop = eventLoop
        self.connector = connector
        self.observer = observer
        self.connection = ReconnectingConnection(
            connector, on: eventLoop, replacementDelay: connector.configuration.replacementDelay)
        self.queue = FetchQueue(address: connector.configuration.address)
        self.logger = logger
        self.logger[metadataKey: "lane"] = "\(index)"
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

    /// Closes for good; waiters fail with ``BackingError/Code-swift.enum/unavailable``.
    public func close() -> EventLoopFuture<Void> {
        self.eventLoop.preconditionInEventLoop()
        let connection = self.connection.close()?.close()
        self.end(connection?.waiters ?? [], self.queue.takeAll(), with: .failure(.closedLane))
        return connection?.closed ?? self.eventLoop.makeSucceededVoidFuture()
    }

    /// For what the server ends connections. Where that may be a long reply, a connection that stood and is lost gives
    /// ``FillReply/Outcome-swift.enum/unanswered`` and no error.
    public var limits: ServerLimits {
        get { self.queue.limits }
        set { self.queue.limits = newValue }
    }

    /// Whether fills are being answered.
    public var isReady: Bool { self.connection.isReady }

    /// Fetches a key; its receiver is told exactly once.
    ///
    /// While the backing is away it fails at once; while the connection is being made it waits for that, bounded in number and
    /// by the connect time-out. The command is written at the end of the event loop's turn, together with the others of that turn.
    public func fetch(_ fetch: Fetch) {
        self.eventLoop.preconditionInEventLoop()
        switch self.queue.fetch(fetch, while: self.connection.state) {
        case .send:
            self.connection.handler?.fetch(fetch)
        case .nothing:
            break
        case .end(let outcome):
            let reply = FillReply(outcome: outcome, sent: MonotonicClock.now())
            self.eventLoop.assumeIsolated().execute { fetch.end(with: reply) }
        }
    }

    /// The invalidation feed that stands from now on, to which the server is to announce changes of what is read here; nil: none.
    public func feedChanged(to feed: FeedIdentity?) {
        self.eventLoop.preconditionInEventLoop()
        guard self.feed != feed else { return }
        self.feed = feed
        if self.connection.isReady { self.connection.handler?.feedChanged(to: feed) }
    }

    /// Makes sure that something is answered that is sent after `since`; the observer is told. Nothing, while the lane is down.
    public func ask(since: Instant) {
        self.eventLoop.preconditionInEventLoop()
        if self.connection.isReady { self.connection.handler?.ask(since: since) }
    }

    private func down(_ error: BackingError, waiters: [FillConnectionHandler.Waiting]) {
        let error = self.connector.cause(of: error)
        guard let action = self.connection.down(error) else {
            return self.end(waiters, [], with: .failure(error))
        }
        self.logger.log(level: action.isNews ? .warning : .debug, "\(error)\(LogInAdvice.following(error.message))")
        let outcome = self.queue.down(error, stood: action.stood)
        let queued = self.queue.takeAll()
        self.observer?.fillLaneIsDown(self, error: error)
        self.end(waiters, queued, with: outcome)
    }

    private func end(_ sent: [FillConnectionHandler.Waiting], _ queued: [Fetch], with outcome: FillReply.Outcome) {
        guard !sent.isEmpty || !queued.isEmpty else { return }
        let now = MonotonicClock.now()
        for (fetch, sent) in sent {
            fetch.end(with: FillReply(outcome: outcome, sent: sent == .distantPast ? now : sent))
        }
        for fetch in queued {
            fetch.end(with: FillReply(outcome: outcome, sent: now))
        }
    }
}

extension FillLane: ReconnectingConnectionOwner {
    func makeHandler(started: Instant) -> FillConnectionHandler {
        FillConnectionHandler(configuration: self.connector.configuration, started: started, delegate: self)
    }

    func connectingFailed(_ error: BackingError, handler: FillConnectionHandler?) {
        self.down(error, waiters: handler?.close().waiters ?? [])
    }
}

extension FillLane: FillConnectionDelegate {
    func fillConnectionIsUp(_ connection: FillConnectionHandler, commandTable: ByteBuffer?) {
        if let commandTable, SentinelTable.isOfSentinel(commandTable) {
            return self.down(.isSentinel(self.connector.configuration.address), waiters: connection.close().waiters)
        }
        guard let action = self.connection.up() else { return }
        self.logger.log(level: action.isBack ? .info : .debug, "the backing Redis is reachable")
        connection.feedChanged(to: self.feed)
        // Before the observer hears of it: it may close the lane, and nobody may be forgotten then.
        for fetch in self.queue.takeAll() { connection.fetch(fetch) }
        self.observer?.fillLaneIsUp(self, commandTable: commandTable)
    }

    func fillConnection(isTrackedBy generation: UInt64) { self.observer?.fillLane(self, isTrackedBy: generation) }

    func fillConnection(wasRefused refusal: FeedRefusal) { self.observer?.fillLane(self, wasRefused: refusal) }

    func fillConnection(answered sent: Instant) { self.observer?.fillLane(self, answered: sent) }

    func fillConnection(
        _ connection: FillConnectionHandler, failedWith error: BackingError, waiters: [FillConnectionHandler.Waiting]
    ) {
        self.down(error, waiters: waiters)
    }
}
