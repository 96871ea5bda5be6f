import Testing

@testable import LocalCache

@Suite("Fences")
struct FenceTests {
    @Test("raising a fence drops the entry; nothing is stored until it is lowered")
    func nothingIsStored() throws {
        let cache = TestCache()
        try cache.load("a", value: 1)
        cache.raiseFence("a")
        #expect(cache.statistics.invalidated == 1)
        try cache.load("a", value: 2)
        #expect(cache.statistics.entries == 0)
        #expect(cache.statistics.voided == 1)
        cache.lowerFence("a")
        try cache.load("a", value: 3)
        #expect(cache.lookUp("a") == .hit(3, age: 0))
    }

    @Test("readers share a fill begun under a fence; lowering it voids that fill and admits no more")
    func fillBegunUnderFence() throws {
        let cache = TestCache()
        cache.raiseFence("a")
        let under = try cache.miss("a", waiter: 1)
        #expect(cache.lookUp("a", waiter: 2) == .joined(lane: 0))
        cache.lowerFence("a")
        let after = try cache.miss("a", waiter: 3)
        #expect(cache.complete(under, value: 1) == [1, 2])
        #expect(cache.statistics.entries == 0)
        #expect(cache.complete(after, value: 2) == [3])
        #expect(cache.lookUp("a") == .hit(2, age: 0))
    }

    @Test("fences count: two writes under way, and the first reply lowers only one")
    func nested() throws {
        let cache = TestCache()
        cache.raiseFence("a")
        cache.raiseFence("a")
        let first = try cache.miss("a")
        cache.lowerFence("a")
        // Each reply voids what was begun before it.
        let second = try cache.miss("a")
        cache.complete(first)
        cache.complete(second)
        #expect(cache.statistics.entries == 0)
        cache.lowerFence("a")
        try cache.load("a")
        #expect(cache.statistics.entries == 1)
    }

    @Test("a fence is for its key alone")
    func otherKey() throws {
        let cache = TestCache()
        try cache.load("a")
        cache.raiseFence("b")
        let ticket = try cache.miss("c")
        cache.complete(ticket)
        #expect(cache.stored(["a", "b", "c"]) == ["a", "c"])
    }

    @Test("a fence for all keys counts too, beside those for one")
    func allKeys() throws {
        let cache = TestCache()
        try cache.load("a")
        cache.cache.raiseFenceForAllKeys()
        cache.cache.raiseFenceForAllKeys()
        cache.raiseFence("b")
        #expect(cache.statistics.invalidated == 1)
        let under = try cache.miss("a", waiter: 1)
        #expect(cache.lookUp("a", waiter: 2) == .joined(lane: 0))
        cache.cache.lowerFenceForAllKeys()
        #expect(cache.complete(under) == [1, 2])
        try cache.load("a")
        #expect(cache.statistics.entries == 0)
        cache.cache.lowerFenceForAllKeys()
        try cache.load("a")
        try cache.load("b")
        #expect(cache.stored(["a", "b"]) == ["a"])
        cache.lowerFence("b")
        try cache.load("b")
        #expect(cache.stored(["a", "b"]) == ["a", "b"])
    }

    @Test("lowering a fence for all keys voids the fills begun under it")
    func allKeysLowered() throws {
        let cache = TestCache()
        cache.cache.raiseFenceForAllKeys()
        let under = try cache.miss("a", waiter: 1)
        cache.cache.lowerFenceForAllKeys()
        let after = try cache.miss("a", waiter: 2)
        #expect(cache.complete(under, value: 1) == [1])
        #expect(cache.complete(after, value: 2) == [2])
        #expect(cache.lookUp("a") == .hit(2, age: 0))
    }

    @Test("lowering a fence that nobody raised drops the key and leaves later fences right")
    func loweredTwice() throws {
        let cache = TestCache()
        try cache.load("a")
        cache.lowerFence("a")
        cache.cache.lowerFenceForAllKeys()
        #expect(cache.statistics.invalidated == 1)
        cache.raiseFence("a")
        try cache.load("a")
        #expect(cache.statistics.entries == 0)
    }

    @Test("keys whose hashes collide have fences, fills and entries of their own")
    func collidingHashes() {
        let keys = (0..<40).map { Array("key:\($0)".utf8) }
        var generator = SystemRandomNumberGenerator()
        let limits = CacheLimits(
            CacheConfiguration(capacity: 100, expiry: nil, memoryLimit: 1 << 20), hasher: KeyHasher(using: &generator))
        var state = CacheState<Int, Int>(limits: limits)
        var tickets: [FillTicket] = []
        var discardedValue: Int?
        var discarded = Discarded<Int>()

        func withKey<Result>(_ number: Int, _ body: (HashedKey) -> Result) -> Result {
            keys[number].withUnsafeBytes { body(HashedKey(bytes: $0, hash: 7)) }
        }
        for number in keys.indices {
            if number.isMultiple(of: 2) { _ = withKey(number) { state.raiseFence($0) } }
            let answer = withKey(number) {
                state.lookUp(
                    $0, now: 0, limits: limits, lane: 0, outstandingLane: nil, copy: { _ in }, waiter: { number },
                    discarded: &discardedValue)
            }
            guard case .miss(let ticket) = answer else {
                Issue.record("key \(number) was taken for another")
                return
            }
            tickets.append(ticket)
        }
        for (number, ticket) in tickets.enumerated() {
            let fill = Fill(value: number, size: 1, deadline: nil)
            let ended = state.complete(
                ticket, with: .value(fill), bytes: .init(start: nil, count: 0), now: 0, limits: limits,
                discarded: &discarded)
            #expect(ended.waiters.all == [number])
        }
        for number in keys.indices {
            let position = withKey(number) { state.entries.position(of: $0) }
            #expect((position == nil) == number.isMultiple(of: 2))
            if let position {
                #expect(state.entries.remove(at: position) == number)
            } else {
                _ = withKey(number) { state.lowerFence($0) }
            }
        }
        #expect(state.entries.count == 0)
        #expect(state.fills.index.count == 0)
    }
}
