import TestSupport
import Testing

@Suite("a key is never served after its own TTL has passed, whether or not the server has deleted it", .blocking)
struct TimeToLiveTests {
    @Test(
        "by GET, by MGET and over HTTP, while the server deletes nothing by itself", arguments: ["tracking", "expiry"])
    func ownTTL(coherence: String) throws {
        let tracked = try TrackedRedis(
            ["CACHE_COHERENCE": coherence, "CACHE_NEGATIVE_EXPIRY_TIME": "60", "CACHE_EXPIRY_TIME": "60"])
        #expect(try tracked.straight.command("DEBUG", "SET-ACTIVE-EXPIRE", "0") == .status("OK"))
        try tracked.straight.command("SET", "k", "v", "PX", "4000")
        let set = ContinuousClock.now
        let browser = try tracked.redis.connection()
        var last = set
        var hits = 0
        var isGone = false
        while !isGone {
            let before = try tracked.fetches
            for round in 0..<3 {
                let asked = ContinuousClock.now
                let isThere =
                    switch round % 3 {
                    case 0: try tracked.reader.command("GET", "k") == .text("v")
                    case 1: try tracked.reader.command("MGET", "k", "probe").elements.first == .text("v")
                    default: try browser.httpGet("/k").status == 200
                    }
                if isThere { last = asked } else { isGone = true }
            }
            if try tracked.fetches == before { hits += 1 }
        }
        #expect(hits > 0, "it was the cache that answered")
        // The server counts in milliseconds, by a clock that it reads once in each of its turns.
        #expect(last - set <= .milliseconds(4002))
        #expect(try tracked.reader.command("GET", "k") == .null)
    }

    @Test("nor to one who joins a fetch after it, however late its reply comes", arguments: ["tracking", "expiry"])
    func joinedLate(coherence: String) throws {
        let port = try freePort()
        let tracked = try TrackedRedis(
            ["CACHE_COHERENCE": coherence, "ADMIN_PORT": "\(port)", "TRACKING_HEARTBEAT": "10", "THREADS": "1"],
            relayed: FaultyRelay.Fault.none)
        let relay = try #require(tracked.relay)
        func coalesced() throws -> Int? { try HTTPClient(port: port).metric("redis_proxy_cache_coalesced_total") }
        #expect(try tracked.straight.command("DEBUG", "SET-ACTIVE-EXPIRE", "0") == .status("OK"))
        let early = try tracked.redis.connection()
        let late = try tracked.redis.connection()
        let before = try (tracked.fetches, coalesced())
        relay.swallow(.replies)
        try tracked.straight.command("SET", "k", "v", "PX", "300")
        let set = ContinuousClock.now
        try early.sendCommand("GET", "k")
        try eventually("the server has answered") { try tracked.fetches == before.0 + 1 }
        try eventually("its time is over") { ContinuousClock.now - set > .milliseconds(400) }
        try late.sendCommand("GET", "k")
        try eventually("it has joined") { try coalesced() == before.1.map { $0 + 1 } }
        relay.release()
        let first = try early.receiveReply()
        #expect([Array("$1\r\nv\r\n".utf8), Array("$-1\r\n".utf8)].contains(first))
        #expect(try late.receiveReply() == Array("$-1\r\n".utf8))
    }
}
