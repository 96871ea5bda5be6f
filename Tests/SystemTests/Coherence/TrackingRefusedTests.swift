import TestSupport
import Testing

@Suite("a server that does not track", .blocking)
struct TrackingRefusedTests {
    private static func proxy(_ coherence: String, admin: Int? = nil) throws -> ProxiedRedis {
        try ProxiedRedis(
            [
                "CACHE_COHERENCE": coherence, "REDIS_USERNAME": "filler", "REDIS_PASSWORD": "pw",
                "CLIENT_AUTH": "trust", "ADMIN_PORT": admin.map { "\($0)" } ?? "",
            ], users: ["filler on >pw ~* +@all resetchannels"])
    }

    @Test("auto: it is said once what is missing, and served by expiry")
    func auto() throws {
        let port = try freePort()
        let redis = try Self.proxy("auto", admin: port)
        try redis.setBehind("k", "old")
        let client = try redis.client()
        try eventually("the cache answers") {
            let before = try redis.server.calls(of: "get")
            _ = try client.command("GET", "k")
            return try redis.server.calls(of: "get") == before
        }
        pause(.seconds(2))
        let lines = redis.proxy.process.errors.split(separator: "\n").filter { $0.contains(" warning ") }
        #expect(lines.count { $0.contains("SUBSCRIBE was answered with: NOPERM") } == 1, "\(lines)")
        let admin = HTTPClient(port: port)
        #expect(try admin.get("/readyz").text.contains(#""coherence":"expiry""#))
        let page = try admin.get("/metrics").text
        #expect(page.contains(#"coherence="expiry"} 1"#))
        #expect(page.contains("\nredis_proxy_tracking 0\n"))
    }

    @Test("tracking: nothing is cached")
    func strict() throws {
        let redis = try Self.proxy("tracking")
        try redis.setBehind("k", "old")
        let client = try redis.client()
        for round in 0..<20 {
            try redis.setBehind("k", "\(round)")
            try #require(try client.command("GET", "k") == .text("\(round)"))
        }
    }
}
