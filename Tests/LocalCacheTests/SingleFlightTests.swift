import Testing

@testable import LocalCache

@Suite("Single flight")
struct SingleFlightTests {
    @Test("a fill tells whether another of its key may have begun while it was under way")
    func voided() throws {
        let cache = TestCache()
        func isVoided(_ change: () throws -> Void) throws -> Bool {
            let ticket = try cache.miss("a")
            try change()
            defer { cache.invalidate("a") }
            return cache.cache.complete(ticket, with: .nothing, now: 0).wasVoided
        }
        #expect(try !isVoided {})
        #expect(try isVoided { cache.invalidate("a") })
        #expect(try isVoided { cache.cache.flush() })
        #expect(try isVoided { cache.cache.voidFills(lane: 0) })
        #expect(try !isVoided { cache.cache.voidFills(lane: 1) })
        #expect(
            try isVoided {
                cache.raiseFence("a")
                cache.lowerFence("a")
            })
        guard case .miss(let past) = cache.cache.lookUpBypassing(lane: 0, outstandingLane: nil, waiter: { 0 }) else {
            Issue.record("not past the cache")
            return
        }
        #expect(cache.cache.complete(past, with: .nothing, now: 0).wasVoided)
    }

    @Test("misses for one key share one fetch, and its waiters are returned once, in the order they came")
    func coalesce() throws {
        let cache = TestCache()
        let ticket = try cache.miss("a", lane: 2, waiter: 1)
        #expect(cache.lookUp("a", lane: 0, waiter: 2) == .joined(lane: 2))
        #expect(cache.lookUp("a", lane: 2, outstanding: 2, waiter: 3) == .joined(lane: 2))
        #expect(cache.complete(ticket, value: 9) == [1, 2, 3])
        #expect(cache.complete(ticket, value: 10) == [])
        #expect(cache.lookUp("a") == .hit(9, age: 0))
        #expect(cache.statistics.misses == 1)
        #expect(cache.statistics.coalesced == 2)
    }

    @Test("a fill with nothing to store stores nothing and voids nothing")
    func nothingToStore() throws {
        let cache = TestCache()
        let ticket = try cache.miss("a", waiter: 1)
        #expect(cache.cache.complete(ticket, with: .nothing, now: 0).waiters.all == [1])
        #expect(cache.lookUp("a").isMiss)
        #expect(cache.statistics.voided == 0)
    }

    @Test("a ticket that was ended stays ended when its place is used again")
    func endedTicket() throws {
        let cache = TestCache()
        let old = try cache.miss("a", waiter: 1)
        cache.complete(old)
        let new = try cache.miss("b", waiter: 2)
        #expect(cache.complete(old, value: 5) == [])
        #expect(cache.complete(new, value: 6) == [2])
        #expect(cache.lookUp("b") == .hit(6, age: 0))
    }

    /// What makes a fill void.
    enum Voiding: CaseIterable, Sendable {
        case invalidate, flush, lane, raiseFence, raiseFenceForAllKeys

        func callAsFunction(_ cache: TestCache, key: String) {
            switch self {
            case .invalidate: cache.invalidate(key)
            case .flush: cache.cache.flush()
            case .lane: cache.cache.voidFills(lane: 0)
            case .raiseFence: cache.raiseFence(key)
            case .raiseFenceForAllKeys: cache.cache.raiseFenceForAllKeys()
            }
        }
    }

    @Test("a voided fill is not stored and takes no new readers, but its waiters get it", arguments: Voiding.allCases)
    func voided(voiding: Voiding) throws {
        let cache = TestCache()
        let old = try cache.miss("a", waiter: 1)
        voiding(cache, key: "a")
        let new = try cache.miss("a", waiter: 2)
        #expect(cache.lookUp("a", waiter: 3) == .joined(lane: 0))
        #expect(cache.complete(old, value: 1) == [1])
        #expect(cache.statistics.entries == 0)
        #expect(cache.statistics.voided == 1)
        #expect(cache.complete(new, value: 2) == [2, 3])
        let isFenced = voiding == .raiseFence || voiding == .raiseFenceForAllKeys
        #expect(cache.statistics.entries == (isFenced ? 0 : 1))
    }

    @Test("a newer fill is stored while older void ones of the same key are under way, and they do not replace it")
    func newerFillFirst() throws {
        let cache = TestCache()
        let first = try cache.miss("a", waiter: 1)
        cache.invalidate("a")
        let second = try cache.miss("a", waiter: 2)
        cache.cache.flush()
        let third = try cache.miss("a", waiter: 3)
        #expect(cache.complete(third, value: 3) == [3])
        #expect(cache.complete(first, value: 1) == [1])
        #expect(cache.complete(second, value: 2) == [2])
        #expect(cache.lookUp("a") == .hit(3, age: 0))
        #expect(cache.statistics.voided == 2)
    }

    @Test("losing a lane voids its fills and no other lane's")
    func lanes() throws {
        let cache = TestCache()
        let lost = try cache.miss("a", lane: 1)
        let kept = try cache.miss("b", lane: 2)
        cache.cache.voidFills(lane: 1)
        let again = try cache.miss("c", lane: 1)
        for ticket in [lost, kept, again] { cache.complete(ticket) }
        #expect(cache.stored(["a", "b", "c"]) == ["b", "c"])
        #expect(cache.statistics.voided == 1)
    }

    @Test("invalidating another key leaves a fill alone")
    func otherKey() throws {
        let cache = TestCache()
        let ticket = try cache.miss("a")
        cache.invalidate("b")
        cache.complete(ticket)
        #expect(cache.hits("a"))
    }

    @Test("invalidating drops the entry and counts it once")
    func invalidate() throws {
        let cache = TestCache()
        try cache.load("a")
        cache.invalidate("a")
        cache.invalidate("a")
        #expect(cache.lookUp("a").isMiss)
        #expect(cache.statistics.invalidated == 1)
    }

    @Test("a flush drops every entry and counts each")
    func flush() throws {
        let cache = TestCache()
        for key in ["a", "b", "c"] { try cache.load(key) }
        cache.cache.flush()
        cache.cache.flush()
        #expect(cache.stored(["a", "b", "c"]) == [])
        #expect(cache.statistics.invalidated == 3)
        try cache.load("a", value: 2)
        #expect(cache.lookUp("a") == .hit(2, age: 0))
    }
}
