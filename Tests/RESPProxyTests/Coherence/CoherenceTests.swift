import BackingClient
import LocalCache
import Logging
import Testing
import Time

@testable import RESPProxy

@Suite("Whether the cache may be believed")
struct CoherenceTests {
    private let cache: ValueCache
    private let coherence: Coherence
    private let refusal = FeedRefusal(command: "SUBSCRIBE", text: Array("NOPERM no".utf8))

    private init(_ policy: CoherencePolicy, expiry: TimeSpan? = 1_000_000_000_000) {
        let configuration = ProxyConfiguration(
            backing: BackingConfiguration(
                address: .tcp(host: "localhost", port: 6379), tracking: TrackingConfiguration()),
            coherence: policy,
            live: LiveSettings(
                cache: CacheConfiguration(capacity: 10, expiry: expiry, memoryLimit: 1 << 20), protectedMode: false))
        cache = ValueCache(configuration: configuration.live.cache)
        coherence = Coherence(
            of: .first, configuration: configuration, cache: cache,
            logger: .silent)
    }

    init() { self.init(.tracking) }

    private func up(_ generation: UInt64) {
        let now = MonotonicClock.now()
        coherence.feedIsUp(FeedIdentity(redirectID: 1, runID: [], generation: generation), sent: now)
        coherence.watchAnswered(sent: now)
    }

    private var mayServe: Bool { coherence.mayServe(now: MonotonicClock.now()) }

    @Test("fills are stored under the feed that stands, and under no other")
    func generations() {
        #expect(!mayServe)
        #expect(!coherence.mayStore(0))
        up(1)
        #expect(mayServe)
        #expect(coherence.mode == .tracking)
        #expect(coherence.mayStore(1) && coherence.mayStoreAbsence(1, now: 1))
        #expect(!coherence.mayStore(0))
        coherence.feedIsDown(nil)
        #expect(!mayServe)
        #expect(coherence.mode == .none)
        #expect(!coherence.mayStore(1))
        up(2)
        #expect(coherence.mayStore(2) && !coherence.mayStore(1))
    }

    @Test("by expiry alone, whether anything may be kept follows the expiry that was said last")
    func expiryChanges() {
        let expiry = CoherenceTests(.expiry)
        #expect(expiry.mayServe && expiry.coherence.mayStore(0))
        var settings = LiveSettings(
            cache: CacheConfiguration(capacity: 10, expiry: nil, memoryLimit: 1 << 20), protectedMode: false)
        expiry.coherence.apply(settings)
        #expect(!expiry.mayServe && !expiry.coherence.mayStore(0))
        settings.cache.expiry = 1_000_000_000
        expiry.coherence.apply(settings)
        #expect(expiry.mayServe && expiry.coherence.mayStore(0))
    }

    @Test("auto falls back where it is refused for good, and comes back where it is granted after all")
    func fallsBack() {
        let auto = CoherenceTests(.auto)
        auto.coherence.feedIsDown(FeedRefusal(command: "SUBSCRIBE", text: Array("LOADING".utf8)))
        #expect(auto.coherence.mode == .none)
        auto.coherence.feedIsDown(refusal)
        #expect(auto.coherence.mode == .expiry)
        #expect(auto.mayServe)
        #expect(auto.coherence.mayStore(0) && !auto.coherence.mayStoreAbsence(0, now: 1))
        #expect(auto.coherence.isBarrierAnswered(since: .distantFuture))
        auto.up(1)
        #expect(auto.coherence.mode == .expiry)
        auto.coherence.lane(0, isTrackedBy: 1)
        #expect(auto.coherence.mode == .tracking)
        #expect(!auto.coherence.mayStore(0))
    }

    @Test("tracking never falls back, and expiry without a time keeps nothing")
    func strict() {
        coherence.feedIsDown(refusal)
        #expect(coherence.mode == .none)
        let endless = CoherenceTests(.expiry, expiry: nil)
        #expect(!endless.mayServe && !endless.coherence.mayStore(0))
        let expiry = CoherenceTests(.expiry)
        #expect(expiry.mayServe && expiry.coherence.mayStore(0))
    }

    @Test("a barrier stands once the feed and each lane that is up have answered something that was sent later")
    func barriers() {
        up(1)
        let since = MonotonicClock.now()
        coherence.laneIsUp(0, now: since + 1)
        coherence.feedAnswered(sent: since + 10)
        #expect(coherence.isBarrierAnswered(since: since), "what the lane brings is read later than that")
        coherence.feedAnswered(sent: .distantFuture)
        let later = MonotonicClock.now()
        #expect(!coherence.isBarrierAnswered(since: later), "the server may have closed the lane by then")
        coherence.lane(0, answered: later)
        #expect(!coherence.isBarrierAnswered(since: later))
        coherence.lane(0, answered: later + 1)
        #expect(coherence.isBarrierAnswered(since: later))
        #expect(!coherence.isBarrierAnswered(since: later + 1))
        coherence.lane(1, answered: later + 2)
        coherence.laneIsDown(0)
        #expect(coherence.isBarrierAnswered(since: later + 1), "what it brought was dropped")
    }
}
