import TestSupport
import Testing

@Suite("entries expire", .blocking)
struct ExpiryTests {
    @Test("an entry lives for CACHE_EXPIRY_TIME since it was added, however often it is read")
    func globalExpiry() throws {
        let redis = try ProxiedRedis.byExpiry(["CACHE_EXPIRY_TIME": "1.5"])
        let client = try redis.client()
        try redis.setBehind("k", "old")
        let asked = ContinuousClock.now
        #expect(try client.command("GET", "k") == .text("old"))
        let answered = ContinuousClock.now
        try redis.setBehind("k", "new")
        var last = answered
        var hits = 0
        try eventually("the entry expires") {
            let start = ContinuousClock.now
            let reply = try client.command("GET", "k")
            if reply == .text("old") {
                last = start
                hits += 1
                return false
            }
            #expect(reply == .text("new"))
            #expect(ContinuousClock.now - asked >= .milliseconds(1490), "not before its time")
            return true
        }
        #expect(last - answered <= .milliseconds(1510), "no hit after its time")
        #expect(hits > 0, "it was cached at all")
    }

    @Test("a key's own TTL is never outlived, although the server would not have told")
    func ownTTL() throws {
        let redis = try ProxiedRedis.byExpiry(redis: ["--hz", "1"])
        let client = try redis.client()
        let straight = try redis.server.client()
        #expect(try straight.command("DEBUG", "SET-ACTIVE-EXPIRE", "0") == .status("OK"))
        try redis.setBehind("k", "value", "PX", "1000")
        let set = ContinuousClock.now
        var last = set
        var hits = 0
        try eventually("the key is gone") {
            let start = ContinuousClock.now
            let reply = try client.command("GET", "k")
            if reply == .null { return true }
            #expect(reply == .text("value"))
            last = start
            hits += 1
            return false
        }
        #expect(last - set <= .milliseconds(1010))
        #expect(hits > 0)
        #expect(try redis.server.calls(of: "get") <= 4, "it was the cache that answered")
    }

    @Test("a shorter life given through the proxy takes effect at once")
    func expireThroughProxy() throws {
        let redis = try ProxiedRedis.byExpiry()
        let client = try redis.client()
        for (index, shorten) in [["PEXPIRE", "k", "1"], ["SET", "k", "v", "PX", "1"], ["GETEX", "k", "PX", "1"]]
            .enumerated()
        {
            try client.command("SET", "k", "v")
            #expect(try client.command("GET", "k") == .text("v"))
            try client.command(shorten.map { Array($0.utf8) })
            try eventually(within: .seconds(5), "\(index): gone") { try client.command("GET", "k") == .null }
        }
    }

    @Test("CACHE_EXPIRY_TIME=0 without tracking means that nothing is cached, which is said")
    func noExpiry() throws {
        let redis = try ProxiedRedis.byExpiry(["CACHE_EXPIRY_TIME": "0"])
        let client = try redis.client()
        for value in ["old", "new"] {
            try redis.setBehind("k", value)
            #expect(try client.command("GET", "k") == .text(value))
        }
        #expect(redis.proxy.process.errors.contains("nothing is cached"))
    }
}
