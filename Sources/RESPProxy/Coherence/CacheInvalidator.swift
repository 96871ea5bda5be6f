import BackingClient
import Logging
import NIOCore
import Time

/// Applies to the cache what the server announces, on the event loop of the invalidation feed.
final class CacheInvalidator {
    let feed: InvalidationFeed
    private let coherence: Coherence
    private let cache: ValueCache
    private let tracking: TrackingConfiguration
    private let watch: ServerWatch
    /// Tells the fill lanes of all loops which feed stands.
    private let announce: (FeedIdentity?) -> Void
    private let logger: Logger
    private var isStopped = false
    /// What has been said of the last look, where it failed.
    private var complaint: [UInt8]?

    init(
        connector: BackingConnector, tracking: TrackingConfiguration, coherence: Coherence, cache: ValueCache,
        eventLoop: any EventLoop, logger: Logger, authProbe: AuthProbe,
        announce: @escaping (FeedIdentity?) -> Void
    ) {
        self.feed = InvalidationFeed(connector: connector, tracking: tracking, eventLoop: eventLoop, logger: logger)
        self.watch = ServerWatch(connector: connector, eventLoop: eventLoop, authProbe: authProbe)
        self.coherence = coherence
        self.cache = cache
        self.tracking = tracking
        self.announce = announce
        self.logger = logger
    }

    func start() {
        feed.observer = self
        feed.start()
        look()
    }

    func stop() -> EventLoopFuture<Void> {
        isStopped = true
        coherence.stopped()
        return feed.close()
    }

    /// Looks once in each heartbeat at what the server does not announce.
    private func look() {
        guard !isStopped else { return }
        let sent = MonotonicClock.now()
        watch.look().assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let hasChanged):
                if hasChanged {
                    coherence.watchSawChange()
                    cache.flush()
                }
                complaint = nil
                coherence.watchSaw(mayReadSeveral: watch.mayReadSeveral)
                coherence.watchAnswered(sent: sent)
            case .failure(let error):
                lookFailed(error as? BackingError, sent: sent)
            }
            guard !isStopped else { return }
            feed.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(tracking.heartbeat)) { [self] in look() }
        }
    }

    /// Most failures only do not renew the trust: once the server answers again, what is unchanged still counts.
    private func lookFailed(_ error: BackingError?, sent: Instant) {
        guard let error, error.code == .server else { return }
        func says(_ words: String...) -> Bool { words.contains { error.message.starts(with: $0.utf8) } }
        if says("BUSY ") {
            // It runs a script, and nothing else: that it said so is as good as an answer.
            coherence.watchAnswered(sent: sent)
        } else if says("LOADING ", "MASTERDOWN ", "NOAUTH ", "WRONGPASS ", "NOPERM ") {
            // It has other data, or the fill user other rights, than when the values were read.
            cache.flush()
        }
        if !says("BUSY ", "LOADING ", "MASTERDOWN ") { complain(of: error) }
    }

    /// What does not pass by itself is said, once.
    private func complain(of error: BackingError) {
        guard coherence.announcesChanges, error.message != complaint else { return }
        complaint = error.message
        logger.warning(
            "the backing Redis refuses what is asked of it in each heartbeat, so the cache answers nobody: \(error)")
    }
}

extension CacheInvalidator: InvalidationFeedObserver {
    func feedIsUp(_ identity: FeedIdentity, sent: Instant) {
        coherence.feedIsUp(identity, sent: sent)
        announce(identity)
    }

    func feedInvalidated(_ keys: [ByteBuffer]) {
        coherence.feedAnnounced(keys: keys.count)
        // The name of a key only: in which database it changed is not said, and one is all that the cache keeps.
        for key in keys { cache.invalidate(key.readableBytesSpan) }
    }

    func feedInvalidatedAll() {
        coherence.feedAnnounced(keys: nil)
        cache.flush()
    }

    func feedAnswered(sent: Instant) { coherence.feedAnswered(sent: sent) }

    func feedIsDown(_ error: BackingError, refusal: FeedRefusal?) {
        coherence.feedIsDown(refusal)
        announce(nil)
    }
}
