import Testing
import Time

@testable import LocalCache

@Suite("Expiry")
struct ExpiryTests {
    @Test("an entry dies when its age reaches the expiry, counted from when it was added, however often it is read")
    func globalExpiry() throws {
        let cache = TestCache(expiry: 100)
        let ticket = try cache.miss("a", now: 5)
        cache.complete(ticket, value: 1, now: 10)
        #expect(cache.lookUp("a", now: 10) == .hit(1, age: 0))
        #expect(cache.lookUp("a", now: 109) == .hit(1, age: 99))
        #expect(cache.statistics.expired == 0)
        #expect(cache.lookUp("a", now: 110).isMiss)
        #expect(cache.statistics.expired == 1)
        #expect(cache.statistics.entries == 0)
    }

    @Test("the earlier of the expiry and the key's own deadline counts", arguments: [(50, 50), (110, 110), (500, 110)])
    func earlierDeadline(deadline: Instant, death: Instant) throws {
        let cache = TestCache(expiry: 100)
        try cache.load("a", deadline: deadline, now: 10)
        #expect(cache.hits("a", now: death - 1))
        #expect(cache.lookUp("a", now: death).isMiss)
    }

    @Test("without an expiry only the key's own deadline counts")
    func noExpiry() throws {
        let cache = TestCache(expiry: nil)
        try cache.load("a")
        try cache.load("b", deadline: 7)
        #expect(cache.hits("a", now: .distantPast + .seconds(100 * 365 * 24 * 3600)))
        #expect(cache.lookUp("b", now: 7).isMiss)
    }

    @Test("what is dead when it arrives is not stored", arguments: [9, 10])
    func deadOnArrival(deadline: Instant) throws {
        let cache = TestCache()
        let ticket = try cache.miss("a", now: 0, waiter: 3)
        #expect(cache.complete(ticket, deadline: deadline, now: 10) == [3])
        #expect(cache.statistics.entries == 0)
        #expect(cache.statistics.voided == 0)
    }

    @Test("an expiry beyond the end of time does not trap")
    func saturates() throws {
        let cache = TestCache(expiry: .forever)
        try cache.load("a", now: 10)
        #expect(cache.hits("a", now: .distantPast + .seconds(100 * 365 * 24 * 3600)))
    }

    @Test("a reader whose clock is behind sees an age of zero")
    func clockBehind() throws {
        let cache = TestCache(expiry: 100)
        try cache.load("a", value: 4, now: 10)
        #expect(cache.lookUp("a", now: 8) == .hit(4, age: 0))
    }

    @Test("an entry added anew gets its whole time again")
    func addedAnew() throws {
        let cache = TestCache(expiry: 100)
        try cache.load("a", value: 1, now: 0)
        try cache.load("a", value: 2, now: 100)
        #expect(cache.lookUp("a", now: 199) == .hit(2, age: 99))
    }
}
