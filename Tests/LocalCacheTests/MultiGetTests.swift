import Testing
import Time

@testable import LocalCache

@Suite("Several keys at one moment")
struct MultiGetTests {
    private let cache = TestCache(expiry: 100)

    /// The values, or how long until when the newest was added, negative; nil: not all are there.
    private func together(_ keys: [String], now: Instant = 10, addedBefore: Instant = 10) -> [Int]? {
        let bytes = Array(keys.joined().utf8)
        var end = 0
        let ranges = keys.map { key in
            defer { end += key.utf8.count }
            return end..<end + key.utf8.count
        }
        switch cache.cache.multiGet(
            ranges[...], in: bytes.span.bytes, now: now, addedBefore: addedBefore, make: TestCache.number)
        {
        case .hit(let values): return values
        case .tooNew(let addedAt): return [-Int(addedAt.nanoseconds)]
        case .missing: return nil
        }
    }

    @Test("all of them are answered in the order of the keys, one named twice included")
    func hit() throws {
        try cache.load("a", value: 1, now: 3)
        try cache.load("bb", value: 2, now: 4)
        #expect(together(["bb", "a", "bb"]) == [2, 1, 2])
        #expect(cache.statistics.hits == 3)
    }

    @Test("one that is missing, past its age or past its time to live makes it none")
    func missing() throws {
        try cache.load("a", value: 1, now: 3)
        try cache.load("b", value: 2, deadline: 50, now: 4)
        #expect(together(["a", "c"]) == nil)
        #expect(together(["a", "b"], now: 49) == [1, 2])
        #expect(together(["a", "b"], now: 50) == nil)
        #expect(together(["a"], now: 103) == nil)
        #expect(cache.statistics.hits == 2)
    }

    @Test("one that was added at or after the moment makes them too new")
    func tooNew() throws {
        try cache.load("a", value: 1, now: 3)
        try cache.load("b", value: 2, now: 9)
        #expect(together(["a", "b"], addedBefore: 9) == [-9])
        #expect(together(["a"], addedBefore: 9) == [1])
    }

    @Test("they count as read")
    func use() throws {
        let cache = TestCache(capacity: 2)
        try cache.load("a", value: 1)
        try cache.load("b", value: 2)
        let bytes = Array("a".utf8)
        _ = cache.cache.multiGet([0..<1], in: bytes.span.bytes, now: 1, addedBefore: 1, make: TestCache.number)
        try cache.load("c", value: 3, now: 1)
        #expect(cache.stored(["a", "b", "c"]) == ["a", "c"])
    }
}
