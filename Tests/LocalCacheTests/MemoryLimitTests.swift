import Testing

@testable import LocalCache

@Suite("Memory limit")
struct MemoryLimitTests {
    static let overhead = TestCache.Cache.entryOverhead

    @Test("bytes are keys, values and the overhead of each entry, exactly")
    func accounting() throws {
        let cache = TestCache()
        try cache.load("abc", size: 10)
        try cache.load("", size: 0)
        #expect(cache.statistics.bytes == 13 + 2 * Self.overhead)
        cache.invalidate("abc")
        #expect(cache.statistics.bytes == Self.overhead)
        cache.cache.flush()
        #expect(cache.statistics.bytes == 0)
    }

    @Test("entries that fill the limit exactly stay; one byte more evicts the least recently read")
    func exactLimit() throws {
        let cache = TestCache(memoryLimit: 3 * (Self.overhead + 11))
        for key in ["a", "b", "c"] { try cache.load(key, size: 10) }
        #expect(cache.statistics.evicted == 0)
        #expect(cache.hits("a"))
        cache.invalidate("c")
        try cache.load("d", size: 11)
        #expect(cache.stored(["a", "b", "c", "d"]) == ["a", "d"])
        #expect(cache.statistics.evicted == 1)
    }

    @Test("a large entry evicts as many as it takes, from the least recently read on")
    func evictsSeveral() throws {
        let cache = TestCache(memoryLimit: 10 * (Self.overhead + 2))
        let keys = (0..<10).map(String.init)
        for key in keys { try cache.load(key) }
        try cache.load("L", size: 3 * (Self.overhead + 2) - Self.overhead - 1)
        #expect(cache.statistics.evicted == 3)
        #expect(cache.stored(keys) == Array(keys.dropFirst(3)))
        #expect(cache.statistics.bytes == 10 * (Self.overhead + 2))
    }

    @Test("an entry larger than the limit alone is not stored, evicts nothing, and its waiters get it")
    func largerThanLimit() throws {
        let cache = TestCache(memoryLimit: 2 * (Self.overhead + 2))
        try cache.load("a")
        let ticket = try cache.miss("b", waiter: 7)
        #expect(cache.complete(ticket, size: Self.overhead + 4) == [7])
        #expect(cache.stored(["a", "b"]) == ["a"])
        #expect(cache.statistics.evicted == 0)
        #expect(cache.lookUp("b").isMiss)
    }

    @Test("sizes beyond all reason neither trap nor are stored", arguments: [Int.max, Int(UInt32.max) + 1])
    func hugeSize(size: Int) throws {
        let cache = TestCache(memoryLimit: .max)
        try cache.load("a", size: size)
        #expect(cache.statistics.entries == 0)
        #expect(cache.statistics.bytes == 0)
    }

    @Test("an entry beside a 24-byte value takes one cache line; what is counted stays within 100 bytes")
    func overheadBudget() {
        struct Value: Sendable {
            let words: (UInt64, UInt64)
            let owner: TestCache
        }
        #expect(MemoryLayout<Entry<Value>>.stride == 64)
        #expect(LocalCache<Value, Int>.entryOverhead <= 100)
    }
}
