import TestSupport
import Testing

@Suite("CACHE_REFRESH_AHEAD: entries are fetched anew before they end", .blocking)
struct RefreshAheadTests {
    @Test("a key that is read all the time is a hit each time, and costs one fetch for each life")
    func refreshed() throws {
        let tracked = try TrackedRedis(["CACHE_REFRESH_AHEAD": "50", "CACHE_EXPIRY_TIME": "1"])
        try tracked.cache("k", "v")
        let before = try tracked.fetches
        let started = ContinuousClock.now
        let browser = try tracked.redis.connection()
        var reads = 0
        var misses = 0
        while ContinuousClock.now - started < .seconds(4) {
            #expect(try tracked.reader.command("GET", "k") == .text("v"))
            let response = try browser.httpGet("/k")
            if response["x-cache"] != "HIT" { misses += 1 }
            reads += 2
            pause(.milliseconds(2))
        }
        let elapsed = Int((ContinuousClock.now - started) / .milliseconds(1))
        // Each life is half a second at least, and where the machine was busy for the rest of one, it ends with a miss.
        let fetches = try tracked.fetches - before
        #expect(fetches >= 3)
        #expect(fetches <= elapsed / 500 + 1 + misses)
        #expect(reads > 100)
    }
}
