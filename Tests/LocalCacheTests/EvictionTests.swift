import Testing

@testable import LocalCache

@Suite("Eviction")
struct EvictionTests {
    @Test("with a capacity of 3 the fourth key evicts the least recently read of the three")
    func fourthKey() throws {
        let cache = TestCache(capacity: 3)
        for key in ["a", "b", "c"] { try cache.load(key) }
        #expect(cache.hits("a"))
        #expect(cache.hits("c"))
        try cache.load("d")
        #expect(cache.stored(["a", "b", "c", "d"]) == ["a", "c", "d"])
        #expect(cache.statistics.evicted == 1)
    }

    @Test("loading exactly the capacity evicts nothing, the next key evicts one", arguments: [1, 2, 1000, 5000])
    func exactCapacity(capacity: Int) throws {
        let cache = TestCache(capacity: capacity)
        let keys = (0..<capacity).map { "key:\($0)" }
        for key in keys { try cache.load(key) }
        #expect(cache.statistics.evicted == 0)
        #expect(cache.stored(keys).count == capacity)
        try cache.load("one more")
        #expect(cache.statistics.evicted == 1)
        #expect(cache.statistics.entries == capacity)
        #expect(cache.stored(keys) == Array(keys.dropFirst()))
    }

    @Test("storing counts as use: keys that are never read leave in the order they came")
    func orderOfStoring() throws {
        let cache = TestCache(capacity: 3)
        for key in ["a", "b", "c", "d", "e"] { try cache.load(key) }
        #expect(cache.stored(["a", "b", "c", "d", "e"]) == ["c", "d", "e"])
    }

    @Test("a miss, a join and a look-up that must wait use nothing")
    func onlyHitsAreUse() throws {
        let cache = TestCache(capacity: 2)
        let older = try cache.miss("a")
        cache.invalidate("a")
        try cache.load("a")
        try cache.load("b")
        // The first fill of "a" is void but under way.
        #expect(cache.lookUp("a", outstanding: 0) == .mustWait)
        try cache.load("c")
        #expect(cache.stored(["a", "b", "c"]) == ["b", "c"])
        cache.complete(older)
    }

    @Test("the only entry is replaced by the next with a capacity of 1")
    func single() throws {
        let cache = TestCache(capacity: 1)
        try cache.load("a")
        #expect(cache.hits("a"))
        try cache.load("b")
        #expect(cache.stored(["a", "b"]) == ["b"])
        #expect(cache.hits("b"))
    }

    @Test("a capacity of 0 or below keeps nothing, joins nobody, and still returns each waiter", arguments: [0, -1])
    func noCaching(capacity: Int) throws {
        let cache = TestCache(capacity: capacity)
        let first = try cache.miss("a", waiter: 1)
        let second = try cache.miss("a", waiter: 2)
        #expect(first != second)
        cache.raiseFence("a")
        cache.lowerFence("a")
        cache.cache.flush()
        #expect(cache.complete(second) == [2])
        #expect(cache.complete(first) == [1])
        #expect(cache.complete(first) == [])
        #expect(cache.lookUp("a").isMiss)
        #expect(cache.lookUp("a", lane: 0, outstanding: 1) == .mustWait)
        #expect(cache.statistics.entries == 0)
        #expect(cache.statistics.misses == 3)
        #expect(cache.statistics.voided == 0)
    }

    @Test("places of removed entries are used again")
    func slotsAreReused() throws {
        let cache = TestCache(capacity: 10)
        for number in 0..<10_000 {
            try cache.load("key:\(number)")
            if number.isMultiple(of: 3) { cache.invalidate("key:\(number)") }
        }
        #expect(cache.cache.state.withLock { $0.entries.firstUnused } <= 10)
        #expect(cache.cache.state.withLock { $0.fills.running.count } == 1)
        #expect(cache.cache.state.withLock { $0.fills.keys.count } == 1)
    }
}
