import Testing
import Time

@testable import LocalCache

@Suite("Values kept as bytes beside their keys")
struct BytesTests {
    private let cache = TestCache(expiry: 100, staleAge: 1_000)

    private func load(_ key: String, _ value: Int, now: Instant = 0) throws {
        cache.complete(try cache.miss(key, now: now), bytesOf: value, now: now)
    }

    @Test("they are found, counted, replaced and dropped as others are")
    func life() throws {
        try load("a", 1)
        try cache.load("b", value: 2, size: 8)
        #expect(cache.lookUp("a", now: 3) == .hit(1, age: 3))
        #expect(cache.statistics.bytes == 2 * (1 + 8 + TestCache.Cache.entryOverhead))
        cache.invalidate("a")
        #expect(cache.lookUp("a").isMiss)
        #expect(cache.hits("b"))
        cache.cache.flush()
        #expect(cache.statistics.bytes == 0)
    }

    @Test("an empty one is no missing one")
    func empty() throws {
        let ticket = try cache.miss("a")
        let nothing: [UInt8] = []
        _ = cache.cache.complete(ticket, withBytes: nothing.span.bytes, deadline: nil, now: 0)
        let key = Array("a".utf8)
        var count: Int?
        let found = cache.cache.lookUp(
            key.span.bytes, now: 0, lane: 0, outstandingLane: nil, copy: { count = $0.byteCount }, waiter: { 0 })
        guard case .hit(nil, age: 0) = found else {
            Issue.record("\(found)")
            return
        }
        #expect(count == 0)
    }

    @Test("those that are past their time are still there as stale ones")
    func stale() throws {
        try load("a", 7)
        #expect(cache.lookUp("a", now: 100).isMiss)
        let key = Array("a".utf8)
        #expect(cache.cache.lookUpStale(key.span.bytes, now: 101, make: TestCache.number)?.value == 7)
    }

    @Test("they are answered together with others")
    func together() throws {
        try load("a", 1)
        try cache.load("b", value: 2)
        let keys = Array("ab".utf8)
        let found = cache.cache.multiGet(
            [0..<1, 1..<2], in: keys.span.bytes, now: 5, addedBefore: 5, make: TestCache.number)
        guard case .hit([1, 2]) = found else {
            Issue.record("\(found)")
            return
        }
    }
}
