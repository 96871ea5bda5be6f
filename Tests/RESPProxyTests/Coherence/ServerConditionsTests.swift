import TestSupport
import Testing
import Time

@testable import RESPProxy

@Suite("what clients have done to the server")
struct ServerConditionsTests {
    private let conditions = ServerConditions()

    @Test("a pause is in force for its time, or until it is ended")
    func pause() {
        #expect(!conditions.isPaused(now: 5))
        conditions.paused(milliseconds: 2, now: 5)
        #expect(conditions.isPaused(now: 2_000_004) && !conditions.isPaused(now: 2_000_005))
        conditions.paused(milliseconds: .max, now: 5)
        #expect(conditions.isPaused(now: .distantPast + .seconds(100 * 365 * 24 * 3600)))
        conditions.unpaused()
        #expect(!conditions.isPaused(now: 5))
        conditions.paused(milliseconds: -1, now: 5)
        #expect(!conditions.isPaused(now: 5))
    }

    @Test("reads bypass the cache while a client is in MONITOR, and until the cache is known to be current again")
    func monitor() {
        conditions.monitorBegan()
        conditions.monitorBegan()
        conditions.monitorEnded()
        conditions.cacheIsCurrent()
        #expect(conditions.isMonitored && conditions.bypassesCache)
        conditions.monitorEnded()
        #expect(!conditions.isMonitored && conditions.bypassesCache)
        conditions.cacheIsCurrent()
        #expect(!conditions.bypassesCache)
    }
}
