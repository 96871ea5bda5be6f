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
        try tracked.straight.command("SET", "k", "v", "PX", "2000")
        let set = ContinuousClock.now
        let browser = try tracked.redis.connection()
        var last = set
        var hits = 0
        var isGone = false
        while !isGone {
            let before = try tracked.fetches
            for round in 0..<30 {
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
        #expect(last - set <= .milliseconds(2002))
        #expect(try tracked.reader.command("GET", "k") == .null)
    }
}
