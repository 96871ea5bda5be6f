import Testing
import Time

@testable import LocalCache

@Suite("Refresh ahead")
struct RefreshTests {
    private let cache = TestCache(expiry: 100, refreshAge: 80)

    /// Reads a key of which a read must refresh the entry.
    private func refresh(_ key: String, now: Instant) throws -> FillTicket {
        guard case .refresh(_, let ticket) = cache.lookUp(key, now: now) else { throw TestCache.NotMissing() }
        return ticket
    }

    @Test("a read in the last part of an entry's life fetches it anew, once, and is a hit all the same")
    func once() throws {
        try cache.load("a", value: 1, now: 0)
        #expect(cache.lookUp("a", now: 79) == .hit(1, age: 79))
        let ticket = try refresh("a", now: 80)
        #expect(cache.lookUp("a", now: 90) == .hit(1, age: 90))
        #expect(cache.complete(ticket, value: 2, now: 95) == [])
        #expect(cache.lookUp("a", now: 174) == .hit(2, age: 79))
        #expect(cache.statistics.refreshed == 1)
        #expect(cache.statistics.entries == 1)
    }

    @Test("a refresh that failed leaves the entry as it was, and is not tried again")
    func failed() throws {
        try cache.load("a", value: 1, now: 0)
        let ticket = try refresh("a", now: 80)
        #expect(cache.cache.complete(ticket, with: .failed, now: 85).waiters.all == [])
        #expect(cache.lookUp("a", now: 99) == .hit(1, age: 99))
        #expect(cache.lookUp("a", now: 100).isMiss)
    }

    @Test("a key that turns out to be gone goes from the cache")
    func gone() throws {
        try cache.load("a", value: 1, now: 0)
        let ticket = try refresh("a", now: 80)
        _ = cache.cache.complete(ticket, with: .nothing, now: 85)
        #expect(cache.lookUp("a", now: 85).isMiss)
    }

    @Test("an invalidation voids a refresh under way")
    func voided() throws {
        try cache.load("a", value: 1, now: 0)
        let ticket = try refresh("a", now: 80)
        cache.invalidate("a")
        cache.complete(ticket, value: 2, now: 85)
        #expect(cache.lookUp("a", now: 85).isMiss)
    }

    @Test("a read behind the end of the entry joins the refresh")
    func joined() throws {
        try cache.load("a", value: 1, now: 0)
        let ticket = try refresh("a", now: 80)
        #expect(cache.lookUp("a", now: 100, waiter: 7) == .joined(lane: 0))
        #expect(cache.complete(ticket, value: 2, now: 110) == [7])
        #expect(cache.lookUp("a", now: 110) == .hit(2, age: 0))
    }

    @Test("nothing is refreshed while a write of the key, or of all keys, is under way", arguments: [true, false])
    func fenced(all: Bool) throws {
        if all { cache.cache.raiseFenceForAllKeys() } else { cache.raiseFence("b") }
        #expect(cache.lookUp("b", now: 0).isMiss)
        #expect(cache.statistics.refreshed == 0)
    }
}
