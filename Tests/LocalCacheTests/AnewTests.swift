import Testing
import Time

@testable import LocalCache

/// A reader who has been told something that the cache may be older than.
@Suite("Look-ups that neither hit nor join")
struct AnewTests {
    private static func lookUp(
        _ cache: TestCache, _ key: String, now: Instant = 0, lane: LaneID = 0, outstanding: LaneID? = nil,
        waiter: Int = 0
    ) -> TestCache.Answer? {
        cache.cache.lookUpAnew(
            Array(key.utf8).span.bytes, now: now, lane: lane, outstandingLane: outstanding, waiter: { waiter }
        ).map { TestCache.Answer($0, copied: nil) }
    }

    @Test("what the cache has is not told, and is no use of it")
    func present() throws {
        let cache = TestCache()
        try cache.load("a", deadline: 10)
        let before = cache.statistics
        #expect(Self.lookUp(cache, "a") == nil)
        #expect(cache.statistics == before)
        #expect(try #require(Self.lookUp(cache, "a", now: 10)).isMiss, "its time is over")
    }

    @Test("what it does not have is a miss that others join, and is stored")
    func absent() throws {
        let cache = TestCache()
        guard case .miss(let ticket) = Self.lookUp(cache, "a", waiter: 1) else { throw TestCache.NotMissing() }
        #expect(cache.lookUp("a", waiter: 2) == .joined(lane: 0))
        #expect(cache.complete(ticket, value: 5) == [1, 2])
        #expect(cache.lookUp("a") == .hit(5, age: 0))
    }

    @Test("a fill under way is not joined, and there is no second one unless it is void")
    func underWay() throws {
        let cache = TestCache()
        let old = try cache.miss("a", lane: 1, waiter: 1)
        #expect(Self.lookUp(cache, "a", waiter: 2) == nil)
        cache.invalidate("a")
        guard case .miss(let new) = Self.lookUp(cache, "a", waiter: 2) else { throw TestCache.NotMissing() }
        #expect(cache.complete(old, value: 5) == [1])
        #expect(cache.complete(new, value: 7) == [2])
        #expect(cache.lookUp("a") == .hit(7, age: 0))
    }

    @Test(
        "a cache holds something from when a fill begins until the entry, and the fill of whoever was alone, are gone")
    func holdsNothing() throws {
        let cache = TestCache(staleAge: 10)
        #expect(cache.cache.holdsNothing)
        let ticket = try cache.miss("a")
        #expect(!cache.cache.holdsNothing)
        cache.invalidate("a")
        #expect(!cache.cache.holdsNothing, "who waits is still given it")
        cache.complete(ticket)
        #expect(cache.cache.holdsNothing)
        try cache.load("a")
        #expect(!cache.cache.holdsNothing)
        cache.cache.flushKeepingStale()
        #expect(!cache.cache.holdsNothing, "it may be given while the backing is away")
        cache.invalidate("a")
        #expect(cache.cache.holdsNothing)
        let alone = cache.cache.lookUpBypassing(lane: 0, outstandingLane: nil, waiter: { 1 })
        guard case .miss(let ticket) = alone else { throw TestCache.NotMissing() }
        #expect(!cache.cache.holdsNothing)
        cache.complete(ticket)
        #expect(cache.cache.holdsNothing)
    }

    @Test("a reader that waits on another lane, or for a void fill of the key, waits")
    func outstanding() throws {
        let cache = TestCache()
        #expect(Self.lookUp(cache, "a", lane: 0, outstanding: 1) == .mustWait)
        _ = try cache.miss("b", lane: 0)
        cache.invalidate("b")
        #expect(Self.lookUp(cache, "b", lane: 0, outstanding: 0) == .mustWait)
    }
}
