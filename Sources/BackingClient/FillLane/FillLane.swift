import Logging
import NIOCore

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
    private var machine: FillLaneStateMachine<Fetch>
    private var connection: FillConnectionHandler?
    private var retry: Scheduled<Void>?
    private var generator: any RandomNumberGenerator
    private var feed: FeedIdentity?

    /// - Parameter observer: Hears of ups and downs; held weakly.
    public init(
        index: Int, connector: BackingConnector, eventLoop: any EventLoop, logger: Logger,
        observer: (any FillLaneObserver)? = nil
    ) {
        self.index = index
        self.eventLoop = eventLoop
        self.connector = connector
        self.generator = connector.makeGenerator()
        self.observer = observer
        self.machine = FillLaneStateMachine(
            address: connector.configuration.address, replacementDelay: connector.configuration.replacementDelay)
        self.logger = logger
        self.logger[metadataKey: "lane"] = "\(index)"
        self.logger[metadataKey: "backing"] = "\(connector.configuration.address)"
    }

    /// Starts connecting, and keeps connecting: at once, then with jittered backoff of at most 1 s.
    public func start() {
        self.eventLoop.preconditionInEventLoop()
        if self.machine.start() { self.connect() }
    }

    /// Closes for good; waiters fail with ``BackingError/Code-swift.enum/unavailable``.
    public func close() -> EventLoopFuture<Void> {
        self.eventLoop.preconditionInEventLoop()
        let queued = self.machine.close()
        self.retry?.cancel()
        self.retry = nil
        let connection = self.connection?.close()
        self.connection = nil
        self.end(connection?.waiters ?? [], queued, with: .failure(.closedLane))
        return connection?.closed ?? self.eventLoop.makeSucceededVoidFuture()
    }

    /// For what the server ends connections. Where that may be a long reply, a connection that stood and is lost gives
    /// ``FillReply/Outcome-swift.enum/unanswered`` and no error.
    public var limits: ServerLimits {
        get { self.machine.limits }
        set { self.machine.limits = newValue }
    }

    /// Whether fills are being answered.
    public var isReady: Bool { self.machine.isReady }

    /// Fetches a key; its receiver is told exactly once.
    ///
    /// While the backing is away it fails at once; while the connection is being made it waits for that, bounded in number and
    /// by the connect time-out. The command is written at the end of the event loop's turn, together with the others of that turn.
    public func fetch(_ fetch: Fetch) {
        self.eventLoop.preconditionInEventLoop()
        switch self.machine.fetch(fetch) {
        case .send:
            self.connection?.fetch(fetch)
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
        if self.machine.isReady { self.connection?.feedChanged(to: feed) }
    }

    /// Makes sure that something is answered that is sent after `since`; the observer is told. Nothing, while the lane is down.
    public func ask(since: UInt64) {
        self.eventLoop.preconditionInEventLoop()
        if self.machine.isReady { self.connection?.ask(since: since) }
    }

    private func connect() {
        self.connector.attempt(on: self.eventLoop) { result, started in
            switch result {
            case .success(let channel): self.connected(channel, started: started)
            case .failure(let error): self.down(error, waiters: [])
            }
        }
    }

    private func connected(_ channel: any Channel, started: UInt64) {
        guard self.machine.connected() else {
            channel.close(promise: nil)
            return
        }
        let handler = FillConnectionHandler(
            configuration: self.connector.configuration, started: started, delegate: self)
        self.connection = handler
        do {
            try channel.addToConnected(handler)
        } catch {
            channel.close(promise: nil)
            let waiters = handler.close().waiters
            self.down(.closedConnection(self.connector.configuration.address), waiters: waiters)
        }
    }

    private func down(_ error: BackingError, waiters: [FillConnectionHandler.Waiting]) {
        self.connection = nil
        let action = self.machine.down(error, now: MonotonicClock.now(), using: &self.generator)
        if let action {
            self.logger.log(level: action.isNews ? .warning : .debug, "\(error)")
            self.retry = self.eventLoop.assumeIsolated().scheduleTask(in: action.retryIn) {
                if self.machine.retry() { self.connect() }
            }
            self.observer?.fillLaneIsDown(self, error: error)
        }
        self.end(waiters, action?.fetches ?? [], with: action?.outcome ?? .failure(error))
    }

    private func end(_ sent: [FillConnectionHandler.Waiting], _ queued: [Fetch], with outcome: FillReply.Outcome) {
        guard !sent.isEmpty || !queued.isEmpty else { return }
        let now = MonotonicClock.now()
        for (fetch, sent) in sent {
            fetch.end(with: FillReply(outcome: outcome, sent: sent == 0 ? now : sent))
        }
        for fetch in queued {
            fetch.end(with: FillReply(outcome: outcome, sent: now))
        }
    }
}

extension FillLane: FillConnectionDelegate {
    func fillConnectionIsUp(_ connection: FillConnectionHandler, commandTable: ByteBuffer?) {
        guard let action = self.machine.up(now: MonotonicClock.now()) else { return }
        self.logger.log(level: action.isBack ? .info : .debug, "the backing Redis is reachable")
        connection.feedChanged(to: self.feed)
        // Before the observer hears of it: it may close the lane, and nobody may be forgotten then.
        for fetch in action.fetches { connection.fetch(fetch) }
        self.observer?.fillLaneIsUp(self, commandTable: commandTable)
    }

    func fillConnection(isTrackedBy generation: UInt64) { self.observer?.fillLane(self, isTrackedBy: generation) }

    func fillConnection(wasRefused refusal: FeedRefusal) { self.observer?.fillLane(self, wasRefused: refusal) }

    func fillConnection(answered sent: UInt64) { self.observer?.fillLane(self, answered: sent) }

    func fillConnection(
        _ connection: FillConnectionHandler, failedWith error: BackingError, waiters: [FillConnectionHandler.Waiting]
    ) {
        self.down(error, waiters: waiters)
    }
}
