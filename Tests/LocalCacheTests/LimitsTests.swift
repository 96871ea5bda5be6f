import Testing
import Time

@testable import LocalCache

@Suite("Limits that change while the cache is in use")
struct LimitsTests {
    private static func limits(
        capacity: Int = 100, expiry: TimeSpan? = nil, memoryLimit: Int = 1 << 30, staleAge: TimeSpan? = nil
    ) -> CacheConfiguration {
        CacheConfiguration(capacity: capacity, expiry: expiry, memoryLimit: memoryLimit, staleAge: staleAge)
    }

    @Test("a smaller capacity evicts the least recently read at once, a larger one holds more", arguments: [10, 2000])
    func capacity(count: Int) throws {
        let cache = TestCache(capacity: count)
        let keys = (0..<count).map { "key:\($0)" }
        for key in keys { try cache.load(key) }
        #expect(cache.hits(keys[0]))
        cache.cache.change(to: Self.limits(capacity: 3))
        #expect(cache.stored(keys) == [keys[0]] + keys.suffix(2))
        #expect(cache.statistics.evicted == UInt64(count - 3))
        cache.cache.change(to: Self.limits(capacity: count))
        for key in keys.dropFirst().dropLast(2) { try cache.load(key) }
        #expect(cache.statistics.entries == count)
    }

    @Test("a smaller memory limit evicts until the rest fits")
    func memory() throws {
        let cache = TestCache()
        for key in ["a", "b", "c", "d"] { try cache.load(key, size: 1000) }
        let each = cache.statistics.bytes / 4
        cache.cache.change(to: Self.limits(memoryLimit: 2 * each))
        #expect(cache.stored(["a", "b", "c", "d"]) == ["c", "d"])
    }

    @Test("another expiry holds for what is there already")
    func expiry() throws {
        let cache = TestCache(expiry: 1000)
        try cache.load("a", now: 0)
        cache.cache.change(to: Self.limits(expiry: 100))
        #expect(!cache.hits("a", now: 100))
        try cache.load("b", now: 100)
        cache.cache.change(to: Self.limits(expiry: nil))
        #expect(cache.hits("b", now: 1_000_000_000_000))
    }

    @Test("what is stale goes when nothing stale is wanted any more")
    func stale() throws {
        let cache = TestCache(staleAge: 1000)
        try cache.load("a", value: 7)
        cache.cache.flushKeepingStale()
        func found() -> Int? {
            cache.cache.lookUpStale(Array("a".utf8).span.bytes, now: 1, make: TestCache.number)?.value
        }
        #expect(found() == 7)
        cache.cache.change(to: Self.limits(staleAge: nil))
        #expect(found() == nil)
        #expect(cache.cache.state.withLock { $0.stale.count } == 0)
    }

    @Test("whether anything is kept is settled at start")
    func off() throws {
        let off = TestCache(capacity: 0)
        off.cache.change(to: Self.limits(capacity: 10))
        try off.load("a")
        #expect(!off.hits("a"))
        let on = TestCache(capacity: 10)
        on.cache.change(to: Self.limits(capacity: 0))
        try on.load("a")
        #expect(on.hits("a"))
    }
}
