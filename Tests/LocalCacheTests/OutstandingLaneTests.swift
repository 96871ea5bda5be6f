import Testing

@testable import LocalCache

/// A reader that waits for fills must never be given what is older than, or overtakes, what it waits for.
@Suite("Readers with fills outstanding")
struct OutstandingLaneTests {
    @Test("a reader never goes back: while a void fill of the key is under way, it gets neither a newer fill nor a hit")
    func noGoingBack() throws {
        let cache = TestCache()
        // The reader waits for this fill of "a"; then another's write voids it.
        let old = try cache.miss("a", lane: 0)
        cache.invalidate("a")
        #expect(cache.lookUp("a", lane: 0, outstanding: 0) == .mustWait)
        // Somebody who waits for nothing may fetch anew.
        let new = try cache.miss("a", lane: 0)
        #expect(cache.lookUp("a", lane: 0, outstanding: 0) == .mustWait)
        cache.complete(new, value: 2)
        #expect(cache.lookUp("a", lane: 0, outstanding: 0) == .mustWait)
        #expect(cache.lookUp("a") == .hit(2, age: 0))
        cache.complete(old, value: 1)
        #expect(cache.lookUp("a", lane: 0, outstanding: 0) == .hit(2, age: 0))
    }

    @Test("fills voided along with all others, or with their lane, count as void too", arguments: [true, false])
    func voidedTogether(byFlush: Bool) throws {
        let cache = TestCache()
        let old = try cache.miss("a", lane: 3)
        if byFlush { cache.cache.flush() } else { cache.cache.voidFills(lane: 3) }
        #expect(cache.lookUp("a", lane: 3, outstanding: 3) == .mustWait)
        cache.complete(old)
        #expect(cache.lookUp("a", lane: 3, outstanding: 3).isMiss)
    }

    @Test("a fill on another lane is not joined by a reader that waits on its own")
    func otherLanesFill() throws {
        let cache = TestCache()
        _ = try cache.miss("a", lane: 1)
        #expect(cache.lookUp("a", lane: 0, outstanding: 0) == .mustWait)
        #expect(cache.lookUp("a", lane: 0, outstanding: 1) == .joined(lane: 1))
        #expect(cache.lookUp("a", lane: 0, outstanding: nil) == .joined(lane: 1))
    }

    @Test("a miss begins no fill on the reader's lane while it waits on another")
    func missElsewhere() {
        let cache = TestCache()
        #expect(cache.lookUp("a", lane: 0, outstanding: 1) == .mustWait)
        #expect(cache.lookUp("a", lane: 1, outstanding: 1).isMiss)
    }

    @Test("a hit is answered whatever lane is waited on")
    func hit() throws {
        let cache = TestCache()
        try cache.load("a", value: 5)
        #expect(cache.lookUp("a", lane: 0, outstanding: 1) == .hit(5, age: 0))
    }

    @Test("an answer to wait changes nothing, not even an entry past its time, and makes no waiter")
    func touchesNothing() throws {
        let cache = TestCache()
        try cache.load("dead", deadline: 10)
        let ticket = try cache.miss("a", lane: 1, waiter: 1)
        let before = cache.statistics
        #expect(cache.lookUp("dead", now: 10, lane: 0, outstanding: 1) == .mustWait)
        #expect(cache.lookUp("a", lane: 0, outstanding: 0, waiter: 2) == .mustWait)
        let key = Array("a".utf8)
        _ = cache.cache.lookUp(
            key.span.bytes, now: 0, lane: 0, outstandingLane: 0, copy: { _ in Issue.record("a value was copied") }
        ) {
            Issue.record("a waiter was made")
            return 3
        }
        #expect(cache.statistics == before)
        #expect(cache.stored(["dead"]) == ["dead"])
        #expect(cache.complete(ticket) == [1])
    }
}
