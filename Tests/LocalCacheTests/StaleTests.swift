import Testing
import Time

@testable import LocalCache

@Suite("Stale entries")
struct StaleTests {
    private let cache = TestCache(capacity: 3, expiry: 100, staleAge: 1_000)

    private func stale(_ key: String, now: Instant) -> Int? {
        cache.cache.lookUpStale(Array(key.utf8).span.bytes, now: now, make: TestCache.number)?.value
    }

    @Test("an entry that has ended by its age is kept as stale, up to the limit, and is no hit")
    func expired() throws {
        try cache.load("a", value: 1, now: 0)
        #expect(cache.lookUp("a", now: 100).isMiss)
        #expect(stale("a", now: 999) == 1)
        #expect(stale("a", now: 1_000) == nil)
        #expect(cache.statistics.entries == 0)
    }

    @Test("what has ended by the key's own time to live is not")
    func timeToLive() throws {
        try cache.load("a", value: 1, deadline: 50, now: 0)
        #expect(stale("a", now: 49) == 1)
        #expect(stale("a", now: 50) == nil)
        #expect(cache.lookUp("a", now: 60).isMiss)
        #expect(stale("a", now: 60) == nil)
    }

    @Test("a flush for want of trust keeps the entries as stale, also beside those of an earlier one")
    func flushed() throws {
        try cache.load("a", value: 1)
        cache.cache.flushKeepingStale()
        #expect(cache.lookUp("a").isMiss)
        #expect(stale("a", now: 1) == 1)
        try cache.load("b", value: 2)
        cache.cache.flushKeepingStale()
        #expect(stale("a", now: 1) == 1)
        #expect(stale("b", now: 1) == 2)
    }

    @Test("what is known to have changed is forgotten", arguments: ["invalidate", "write", "flush", "fill"])
    func changed(how: String) throws {
        try cache.load("a", value: 1)
        cache.cache.flushKeepingStale()
        switch how {
        case "invalidate": cache.invalidate("a")
        case "write": cache.raiseFence("a")
        case "flush": cache.cache.flush()
        default: _ = cache.cache.complete(try cache.miss("a"), with: .nothing, now: 1)
        }
        #expect(stale("a", now: 1) == nil)
    }

    @Test("a new value takes the place of the stale one")
    func replaced() throws {
        try cache.load("a", value: 1)
        cache.cache.flushKeepingStale()
        try cache.load("a", value: 2)
        #expect(stale("a", now: 1) == 2)
        cache.invalidate("a")
        #expect(stale("a", now: 1) == nil)
    }

    @Test("there are no more stale entries than the capacity")
    func bounded() throws {
        for (round, key) in ["a", "b", "c", "d", "e"].enumerated() {
            try cache.load(key, value: round)
            cache.cache.flushKeepingStale()
        }
        #expect(["a", "b", "c", "d", "e"].map { stale($0, now: 1) } == [nil, nil, 2, 3, 4])
    }

    @Test("without the option nothing is kept")
    func off() throws {
        let cache = TestCache(expiry: 100)
        try cache.load("a", value: 1)
        cache.cache.flushKeepingStale()
        #expect(cache.cache.lookUpStale(Array("a".utf8).span.bytes, now: 1, make: TestCache.number) == nil)
        #expect(cache.cache.state.withLock { $0.stale.count } == 0)
    }
}
