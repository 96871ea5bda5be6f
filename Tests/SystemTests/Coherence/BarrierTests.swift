import TestSupport
import Testing

@Suite("what a session was told bounds how old its hits may be", .blocking)
struct BarrierTests {
    /// Each makes the server say something after the foreign write that the session then must not read behind.
    static let relayed = [
        ["SET", "lock", "mine"], ["INCR", "counter"], ["EVAL", "return 1", "0"], ["MGET", "data", "other"],
        ["STRLEN", "data"],
    ]

    @Test("behind a relayed reply no hit is older than it, although invalidations come late", arguments: Self.relayed)
    func neverBehindReply(command: [String]) throws {
        let server = try RedisServer()
        let feed = try DelayedFeed(to: server, by: .milliseconds(100))
        let proxy = try ProxyProcess(environment: [
            "REDIS_HOST": "127.0.0.1", "REDIS_PORT": "\(feed.port)", "CACHE_COHERENCE": "tracking",
        ])
        let session = try proxy.connection()
        let other = try proxy.connection()
        for round in 0..<5 {
            try server.command("SET", "data", "old \(round)")
            try eventually("the old value is a hit") {
                let calls = try server.calls(of: "get")
                let value = try other.roundTrip("GET", "data")
                let isHit = try server.calls(of: "get") == calls
                return isHit && value.hasSuffix("old \(round)\r\n")
            }
            try server.command("SET", "data", "new \(round)")
            _ = try session.roundTrip(command.map { Array($0.utf8) })
            let value = try session.roundTrip("GET", "data")
            #expect(value.hasSuffix("new \(round)\r\n"))
        }
    }
}
