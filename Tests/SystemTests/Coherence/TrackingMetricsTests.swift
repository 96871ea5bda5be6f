import TestSupport
import Testing

@Suite("what is heard of changes can be seen", .blocking)
struct TrackingMetricsTests {
    private static func metric(_ admin: HTTPClient, _ name: String) throws -> Int {
        let number = try admin.metric("redis_proxy_\(name)")
        return try #require(number)
    }

    @Test("announcements, barriers, reconnections, and whether anything is heard at all")
    func counted() throws {
        let port = try freePort()
        let tracked = try TrackedRedis(["ADMIN_PORT": "\(port)"])
        let admin = HTTPClient(port: port)
        #expect(try Self.metric(admin, "tracking") == 1)
        #expect(try admin.get("/readyz").text.contains("tracking"))
        #expect(try Self.metric(admin, "tracking_feeds_total") == 1)
        for (change, counter) in [
            (["SET", "k", "new"], "announced_keys"), (["FLUSHDB"], "announced_flushes"),
            (["SWAPDB", "0", "1"], "unannounced"), (["EVAL", "return 1", "0"], "barriers"),
        ] {
            try tracked.cache("k", "v")
            let before = try Self.metric(admin, "tracking_\(counter)_total")
            // Through the proxy, so that a held reply asks for a barrier.
            try tracked.redis.client().command(change)
            try eventually("\(counter) counts") { try Self.metric(admin, "tracking_\(counter)_total") > before }
        }
        try tracked.straight.command("CLIENT", "KILL", "TYPE", "pubsub")
        try eventually("it is back") { try Self.metric(admin, "tracking_feeds_total") == 2 }
        try eventually("hits go on") { try tracked.isHit("k") }
        try tracked.server.freeze()
        try eventually("nothing is heard") { try Self.metric(admin, "tracking") == 0 }
        #expect(try admin.get("/readyz").text.contains(#""coherence":"none""#))
        tracked.server.thaw()
        try eventually("it is heard again") { try Self.metric(admin, "tracking") == 1 }
    }
}
