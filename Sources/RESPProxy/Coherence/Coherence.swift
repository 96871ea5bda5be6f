import BackingClient
import LocalCache
import Logging
import NIOCore
import Synchronization
import Time

/// Whether what the cache has of one server may be believed. All event loops share it, and any thread may ask.
///
/// Each server has its own: it is heard by its own feed, and barriers are answered by that and by the lanes that lead to the same server.
///
/// A *generation* is the life of one invalidation feed. What is fetched while the server announces to that feed may be kept for as
/// long as the feed, and the connection that fetched it, stand. When either is lost the generation ends first, and the cache is flushed
/// then: see `mayStore(_:)` for why that order is enough.
///
/// Longer than 300 lines: whatever is heard changes the same state under the one lock, and readers see the sum of it. What follows from what is
/// in `BarrierLedger` and `TrustLedger`.
public final class Coherence: Sendable {
    /// How changes are noticed now; the last is best.
    public enum Mode: String, Sendable, CaseIterable {
        /// The server is to announce them and does not, or is not heard: nothing is answered from the cache.
        case none
        /// By the end of an entry's life.
        case expiry
        /// The server announces them.
        case tracking
    }

    /// Stands in for a generation where entries are kept although nothing is announced.
    private static let untracked = UInt64.max

    /// Whose announcements are heard.
    let server: ServerID
    let policy: CoherencePolicy
    /// What clients have done to the server.
    let conditions = ServerConditions()
    private let cache: ValueCache
    private let logger: Logger
    /// Whether expiry alone bounds what is kept; without that nothing can be cached in expiry mode.
    private let hasExpiry: Atomic<Bool>
    private let current = Atomic<UInt64>(0)
    private let trustedUntil = Atomic(Instant.distantPast)
    private let lastBarrier = Atomic(Instant.distantPast)
    private let grantsMultiGet = Atomic<Bool>(false)
    private let state: Mutex<State>

    private struct State {
        var barriers: BarrierLedger<BarrierWaiter>
        /// While what was learned through somebody who is lost may still be in the cache, nothing counts and no barrier comes to stand.
        var flushesUnderWay = 0
        var feed: FeedIdentity?
        var isFallenBack: Bool
        var refusals: Set<FeedRefusal> = []
        var statistics = CoherenceStatistics()
        var witnesses: BarrierWitnesses?
        /// Somebody will look whether one waits in vain.
        var isTimerSet = false
        /// Event loops that will ask at the end of their turn for those who wait.
        var asking: Set<ObjectIdentifier> = []
    }

    init(of server: ServerID, configuration: ProxyConfiguration, cache: ValueCache, logger: Logger) {
        self.server = server
        self.policy = configuration.coherence
        self.cache = cache
        self.logger = logger
        self.hasExpiry = Atomic(configuration.live.cache.expiry != nil)
        let tracking = configuration.backing.tracking ?? TrackingConfiguration()
        let isExpiry = configuration.coherence == .expiry
        self.state = Mutex(State(barriers: BarrierLedger(span: tracking.trust), isFallenBack: isExpiry))
        if isExpiry { servesByExpiry() }
    }

    // MARK: For readers

    /// How changes are noticed now.
    public var mode: Mode {
        switch current.load(ordering: .acquiring) {
        case Self.untracked: .expiry
        case 0: .none
        default: mayServe(now: MonotonicClock.now()) ? .tracking : .none
        }
    }

    /// What has been heard so far.
    public var statistics: CoherenceStatistics {
        var statistics = state.withLock { $0.statistics }
        statistics.mode = mode
        return statistics
    }

    /// Whether the server is to tell what changes, so that nothing is kept that it does not tell of.
    public var announcesChanges: Bool { current.load(ordering: .acquiring) != Self.untracked }

    /// Whether the cache may answer, and readers may join a fill under way.
    @inline(__always)
    public func mayServe(now: Instant) -> Bool { now < trustedUntil.load(ordering: .acquiring) }

    /// Whether a barrier stands at `since`: everything that had changed by then at the server, of what is in the cache, has been heard
    /// of. See `BarrierLedger`.
    ///
    /// - Parameter since: A time that was taken when the reply in question had been read from its socket, or later.
    @inline(__always)
    public func isBarrierAnswered(since: Instant) -> Bool {
        lastBarrier.load(ordering: .acquiring) > since || current.load(ordering: .acquiring) == Self.untracked
    }

    /// Up to which time barriers stand: every entry that was added before, and is still there when looked up
    /// later, was the server's value at that moment. The distant past: nothing is announced.
    var newestBarrier: Instant { announcesChanges ? lastBarrier.load(ordering: .acquiring) : .distantPast }

    /// Whether the fill user may read several keys at once, as of the last look.
    var mayServeMultiGet: Bool { grantsMultiGet.load(ordering: .acquiring) }

    /// Calls `done` on `eventLoop`, never from inside this call, once ``isBarrierAnswered(since:)`` would say yes.
    ///
    /// Also when the feed is lost (the cache has then been flushed), when it has been silent for so long that the cache answers
    /// nobody, and at once where nothing is announced.
    public func awaitBarrier(since: Instant, on eventLoop: any EventLoop, _ done: @escaping @Sendable () -> Void) {
        guard !isBarrierAnswered(since: since) else { return eventLoop.execute(done) }
        let waiter = BarrierWaiter(eventLoop: eventLoop, done: done)
        let (waits, asks, timer) = state.withLock { state in
            guard state.witnesses != nil, state.barriers.wait(since: since, waiter) else {
                return (false, false, nil as Instant?)
            }
            defer { state.isTimerSet = true }
            return (
                true, state.asking.insert(ObjectIdentifier(eventLoop)).inserted,
                state.isTimerSet ? nil : state.barriers.nextDeadline
            )
        }
        guard waits else { return waiter.tell() }
        if asks { eventLoop.execute { [self] in ask(for: ObjectIdentifier(eventLoop)) } }
        if let timer { setTimer(to: timer) }
    }

    /// Asks for all who have come to wait in one turn of an event loop, whatever is under way: that may have been sent too early for them.
    private func ask(for eventLoop: ObjectIdentifier) {
        let (question, witnesses) = state.withLock { state in
            state.asking.remove(eventLoop)
            return (state.barriers.ask(), state.witnesses)
        }
        if let question { witnesses?.ask(question) }
    }

    /// One timer serves all who wait, as nearly all of them are told long before it is due.
    private func setTimer(to deadline: Instant) {
        guard let eventLoop = state.withLock({ $0.witnesses?.eventLoop }) else { return }
        eventLoop.scheduleTask(in: TimeAmount(until: deadline)) { [self] in
            let (released, next) = state.withLock { state in
                let released = state.barriers.timePassed(now: MonotonicClock.now())
                let next = state.barriers.nextDeadline
                state.isTimerSet = next != nil
                return (released, next)
            }
            for waiter in released { waiter.tell() }
            if let next { setTimer(to: next) }
        }
    }

    /// Whether a fill of that generation may be stored.
    ///
    /// To be asked before ``LocalCache/complete(_:with:now:)``, without a lock over both. If the feed is lost in between, the generation
    /// ends and then the cache is flushed, which voids the fill's ticket: `complete` either comes later and stores nothing, or came
    /// earlier and what it stored is flushed. A fill that begins after the flush comes here after the end of the generation, and
    /// is told no.
    func mayStore(_ generation: UInt64) -> Bool {
        let current = current.load(ordering: .acquiring)
        return current == Self.untracked
            ? hasExpiry.load(ordering: .acquiring) : generation != 0 && generation == current
    }

    /// Whether absent keys may be kept: only where the server tells when they appear. During `CLIENT PAUSE` it does not delete what has
    /// expired, but does when that is read again afterwards.
    func mayStoreAbsence(_ generation: UInt64, now: Instant) -> Bool {
        current.load(ordering: .acquiring) != Self.untracked && mayStore(generation) && !conditions.isPaused(now: now)
    }

    // MARK: Another server

    /// The server is not the one that is meant any more: nothing that was learned of it counts, until ``serverIsForgotten()``.
    func serverIsLeft() {
        publish { state in
            state.flushesUnderWay += 1
            if state.isFallenBack { trustedUntil.store(.distantPast, ordering: .releasing) }
        }
    }

    /// Nothing is left of it: no connection, no value, and nothing that clients have done to it.
    func serverIsForgotten() {
        conditions.unpaused()
        publish { state in
            state.flushesUnderWay -= 1
            if state.isFallenBack, state.flushesUnderWay == 0 { trustByExpiry() }
        }
    }

    // MARK: What is heard

    func started(_ witnesses: BarrierWitnesses) { state.withLock { $0.witnesses = witnesses } }

    /// Nobody will answer any more.
    func stopped() {
        let waiters = state.withLock { state in
            state.witnesses = nil
            return state.barriers.takeAll()
        }
        for waiter in waiters { waiter.tell() }
    }

    func feedIsUp(_ identity: FeedIdentity, sent: Instant) {
        publish { state in
            state.feed = identity
            state.statistics.feeds += 1
            state.barriers.trust.feedAnswered(sent: sent)
            if !state.isFallenBack { current.store(identity.generation, ordering: .sequentiallyConsistent) }
        }
    }

    func feedIsDown(_ refusal: FeedRefusal?) {
        updateFlushing { state in
            let wasUp = state.feed != nil
            state.feed = nil
            state.barriers.trust.feedLost()
            guard !state.isFallenBack else { return false }
            current.store(0, ordering: .sequentiallyConsistent)
            return wasUp
        }
        if let refusal { refused(refusal) }
    }

    func feedAnswered(sent: Instant) {
        publish { state in
            state.barriers.trust.feedAnswered(sent: sent)
            state.statistics.barriers += 1
        }
    }

    /// - Parameter now: What the lane brings is read by the server later than this.
    func laneIsUp(_ lane: LaneID, now: Instant) {
        publish { $0.barriers.trust.laneIsUp(lane, now: now) }
    }

    func lane(_ lane: LaneID, isTrackedBy generation: UInt64) {
        updateFlushing { state in
            guard state.feed?.generation == generation else { return false }
            state.barriers.trust.laneIsTracked(lane)
            guard state.isFallenBack, policy != .expiry else { return false }
            // The server does it after all: it was replaced, or its rules were.
            state.isFallenBack = false
            state.refusals = []
            current.store(generation, ordering: .sequentiallyConsistent)
            return true
        }
    }

    func lane(_ lane: LaneID, answered sent: Instant) {
        publish { $0.barriers.trust.laneAnswered(lane, sent: sent) }
    }

    /// The server has forgotten what it was to announce of the lane's reads. The lane's own fills fail on its loop, before or
    /// after, so none of them is stored behind the flush.
    func laneIsDown(_ lane: LaneID) {
        updateFlushing { $0.barriers.trust.laneLost(lane) }
    }

    /// - Parameter keys: How many; nil: all.
    func feedAnnounced(keys: Int?) {
        state.withLock { state in
            if let keys {
                state.statistics.announcedKeys += UInt64(keys)
            } else {
                state.statistics.announcedFlushes += 1
            }
        }
    }

    /// Something has changed that the server does not announce.
    func watchSawChange() { state.withLock { $0.statistics.unannounced += 1 } }

    func watchSaw(mayReadSeveral: Bool) { grantsMultiGet.store(mayReadSeveral, ordering: .releasing) }

    func watchAnswered(sent: Instant) { publish { $0.barriers.trust.watchAnswered(sent: sent) } }

    func refused(_ refusal: FeedRefusal) {
        let isNews = state.withLock { $0.refusals.insert(refusal).inserted }
        let fallsBack = policy == .auto && refusal.isLasting
        if isNews {
            let consequence =
                policy == .auto ? "changes made elsewhere are noticed by expiry only" : "nothing is cached"
            logger.warning("the backing Redis does not announce changes, so \(consequence): \(refusal)")
        }
        guard fallsBack else { return }
        updateFlushing { state in
            guard !state.isFallenBack else { return false }
            state.isFallenBack = true
            servesByExpiry()
            return true
        }
    }

    private func servesByExpiry() {
        current.store(Self.untracked, ordering: .sequentiallyConsistent)
        trustByExpiry()
    }

    private func trustByExpiry() {
        let hasExpiry = hasExpiry.load(ordering: .acquiring)
        trustedUntil.store(hasExpiry ? .distantFuture : .distantPast, ordering: .releasing)
        if !hasExpiry { logger.warning("CACHE_EXPIRY_TIME is 0 and nothing is heard of changes: nothing is cached") }
    }

    /// Other settings from now on.
    func apply(_ settings: LiveSettings) {
        state.withLock { state in
            let had = hasExpiry.exchange(settings.cache.expiry != nil, ordering: .acquiringAndReleasing)
            if state.isFallenBack, had != (settings.cache.expiry != nil) { trustByExpiry() }
        }
    }

    /// - Parameter change: Answers whether everything must be dropped.
    private func updateFlushing(_ change: (inout State) -> Bool) {
        let flushes = publish { state in
            let flushes = change(&state)
            if flushes { state.flushesUnderWay += 1 }
            return flushes
        }
        guard flushes else { return }
        // Nothing is known to have changed, only that it would not be heard.
        cache.flushKeepingStale()
        publish { $0.flushesUnderWay -= 1 }
    }

    /// Makes a change, and tells readers, and those who need not wait any more, what counts from then on.
    @discardableResult
    private func publish<Result: Sendable>(_ change: (inout State) -> Result) -> Result {
        let (result, released) = state.withLock { state in (change(&state), publish(&state)) }
        for waiter in released { waiter.tell() }
        return result
    }

    /// Tells readers what counts, under the lock, so that an older sum never replaces a newer one.
    ///
    /// - Returns: Who need not wait any more.
    private func publish(_ state: inout State) -> [BarrierWaiter] {
        let isFlushing = state.flushesUnderWay > 0
        if !state.isFallenBack {
            trustedUntil.store(isFlushing ? .distantPast : state.barriers.trust.trustedUntil, ordering: .releasing)
        }
        guard !isFlushing else { return [] }
        let barrier = max(lastBarrier.load(ordering: .relaxed), state.barriers.newest)
        lastBarrier.store(barrier, ordering: .releasing)
        return state.barriers.release()
    }
}
