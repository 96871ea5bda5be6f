import BackingClient
import Logging
import NIOCore
import Time

/// What the whole process asks one server, and hears of it, on one event loop: whether it lets somebody in who gives no password, for what it
/// ends connections, and, where changes are announced, those.
final class ServerMonitor {
    /// How often it is asked whom it lets in, where nothing else asks.
    private static let interval = TimeSpan.seconds(1)

    private let eventLoop: any EventLoop
    private let coherence: Coherence
    private let observers = Observers()
    private let authProbe: AuthProbe
    private let limits: ServerLimitsWatch
    /// nil where nothing is to be announced.
    private let invalidator: CacheInvalidator?

    /// Those of all event loops.
    private final class Observers {
        var all: [any ServerObserver] = []
    }

    /// Nothing is asked before ``start()``, or a question.
    init(
        connector: BackingConnector, configuration: ProxyConfiguration, coherence: Coherence, cache: ValueCache,
        eventLoop: any EventLoop, logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.coherence = coherence
        let observers = observers
        let authProbe = AuthProbe(connector: connector, eventLoop: eventLoop) { isGranted, sent in
            for observer in observers.all { observer.admissionChanged(to: isGranted, sent: sent) }
        }
        self.authProbe = authProbe
        limits = ServerLimitsWatch(connector: connector, eventLoop: eventLoop) { limits in
            for observer in observers.all { observer.limitsChanged(to: limits) }
        }
        let announces = configuration.coherence != .expiry
        invalidator = configuration.backing.tracking.flatMap { tracking in
            guard announces else { return nil }
            return CacheInvalidator(
                connector: connector, tracking: tracking, coherence: coherence, cache: cache, eventLoop: eventLoop,
                logger: logger, authProbe: authProbe,
                announce: { feed in for observer in observers.all { observer.feedChanged(to: feed) } })
        }
    }

    /// Tells them from now on, and asks their lanes for barriers. To be called once, before anything connects.
    func serve(_ observers: [any ServerObserver]) {
        self.observers.all = observers
        guard let invalidator else { return }
        let feed = NIOLoopBound(invalidator.feed, eventLoop: eventLoop)
        coherence.started(
            BarrierWitnesses(
                eventLoop: eventLoop, askFeed: { since in feed.eventLoop.execute { feed.value.ask(since: since) } },
                lanes: Dictionary(
                    observers.map { observer in (observer.lane, { @Sendable since in observer.askLane(since: since) })
                    },
                    uniquingKeysWith: { first, _ in first })))
    }

    func start() {
        // The invalidator asks for admission, too, whenever it looks at the server.
        if let invalidator { invalidator.start() } else { authProbe.start(every: Self.interval) }
    }

    /// The server is there by now.
    func hurry() { invalidator?.feed.hurry() }

    func stop() -> EventLoopFuture<Void> {
        authProbe.stop()
        limits.stop()
        return invalidator?.stop() ?? eventLoop.makeSucceededVoidFuture()
    }

    fileprivate func askAdmission() { authProbe.askAnew() }
    fileprivate func askLimits() { limits.askAnew() }
}

/// A monitor, for those on other event loops.
struct ServerMonitorHandle: ServerQuestions {
    private let monitor: NIOLoopBound<ServerMonitor>

    /// To be made on the monitor's event loop.
    init(_ monitor: ServerMonitor, on eventLoop: any EventLoop) {
        self.monitor = NIOLoopBound(monitor, eventLoop: eventLoop)
    }

    var eventLoop: any EventLoop { monitor.eventLoop }
    /// To be called on its event loop.
    var value: ServerMonitor { monitor.value }

    func connectionStands() {
        eventLoop.execute { [monitor] in monitor.value.askAdmission() }
        eventLoop.execute { [monitor] in monitor.value.askLimits() }
    }

    func clientLoggedIn() { eventLoop.execute { [monitor] in monitor.value.askAdmission() } }
}
