import TestSupport
import Testing

@Suite("the cache holds what it was given room for", .blocking)
struct CapacityTests {
    @Test("with CACHE_CAPACITY=3, the fourth key evicts the least recently read of the three")
    func leastRecentlyRead() throws {
        let redis = try ProxiedRedis.byExpiry(["CACHE_CAPACITY": "3"])
        let client = try redis.client()
        let keys = ["a", "b", "c", "d"]
        for key in keys { try redis.setBehind(key, "old") }
        for key in ["a", "b", "c", "a", "c", "a", "d"] { #expect(try client.command("GET", key) == .text("old")) }
        for key in keys { try redis.setBehind(key, "new") }
        // The three that stayed first: reading the evicted one puts it back and evicts another.
        for key in ["a", "c", "d"] { #expect(try client.command("GET", key) == .text("old"), "\(key) stayed") }
        #expect(try client.command("GET", "b") == .text("new"), "b was evicted")
        #expect(try client.command("GET", "c") == .text("old"))
        #expect(try client.command("GET", "a") == .text("new"), "reading b evicted a")
    }

    @Test("reading over HTTP is reading too")
    func readingOverHTTP() throws {
        let redis = try ProxiedRedis.byExpiry(["CACHE_CAPACITY": "2"])
        let client = try redis.client()
        for key in ["a", "b", "c"] { try redis.setBehind(key, "old") }
        try client.command("GET", "a")
        try client.command("GET", "b")
        #expect(try redis.http.get("/a")["x-cache"] == "HIT")
        try client.command("GET", "c")
        #expect(try redis.http.get("/a")["x-cache"] == "HIT")
        #expect(try redis.http.get("/c")["x-cache"] == "HIT")
        #expect(try redis.http.get("/b")["x-cache"] == "MISS")
    }

    @Test("loading exactly the capacity evicts nothing, the next key evicts one", arguments: [1, 64, 1000])
    func exact(capacity: Int) throws {
        let redis = try ProxiedRedis.byExpiry(["CACHE_CAPACITY": "\(capacity)"])
        let client = try redis.client()
        let straight = try redis.server.client()
        func set(_ value: String) throws {
            for index in 0...capacity { try straight.append("SET", "k\(index)", value) }
            _ = try straight.replies(capacity + 1)
        }
        func get(_ range: Range<Int>) throws -> [Reply] {
            for index in range { try client.append("GET", "k\(index)") }
            return try client.replies(range.count)
        }
        let old = [Reply](repeating: .text("old"), count: capacity)
        try set("old")
        #expect(try get(0..<capacity) == old)
        try set("new")
        #expect(try get(0..<capacity) == old, "all of them are still there")
        #expect(try get(capacity..<(capacity + 1)) == [.text("new")])
        #expect(try get(1..<capacity) == Array(old.dropFirst()), "one more evicts only one")
        #expect(try get(0..<1) == [.text("new")], "the least recently read")
    }

    @Test("CACHE_CAPACITY=0 caches nothing")
    func noCache() throws {
        let redis = try ProxiedRedis.byExpiry(["CACHE_CAPACITY": "0"])
        let client = try redis.client()
        for value in ["one", "two", "three"] {
            try redis.setBehind("k", value)
            #expect(try client.command("GET", "k") == .text(value))
            #expect(try redis.http.get("/k")["x-cache"] == "MISS")
        }
    }

    @Test("a value longer than CACHE_MAX_VALUE_SIZE is passed on and not kept")
    func valueSize() throws {
        let redis = try ProxiedRedis.byExpiry(["CACHE_MAX_VALUE_SIZE": "1000"])
        let client = try redis.client()
        try redis.setBehind("fits", String(repeating: "a", count: 1000))
        try redis.setBehind("large", String(repeating: "a", count: 1001))
        for key in ["fits", "large"] { try client.command("GET", key) }
        try redis.setBehind("fits", "new")
        try redis.setBehind("large", "new")
        #expect(try client.command("GET", "fits") == .text(String(repeating: "a", count: 1000)))
        #expect(try client.command("GET", "large") == .text("new"))
    }

    @Test("CACHE_MEMORY_LIMIT bounds the bytes, whatever the number of keys")
    func memoryLimit() throws {
        let redis = try ProxiedRedis.byExpiry(["CACHE_MEMORY_LIMIT": "\(4 << 20)", "CACHE_CAPACITY": "1000"])
        let client = try redis.client()
        let value = [UInt8](repeating: 120, count: 256 << 10)
        for index in 0..<40 {
            try client.command([Array("SET".utf8), Array("k\(index)".utf8), value])
            #expect(try client.command("GET", "k\(index)") == .bulk(value))
        }
        for index in 0..<40 { try redis.setBehind("k\(index)", "new") }
        #expect(try client.command("GET", "k39") == .bulk(value), "the latest is there")
        #expect(try client.command("GET", "k0") == .text("new"), "ten megabytes do not fit into four")
    }
}
