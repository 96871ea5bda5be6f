import TestSupport
import Testing

@Suite("a primary that hangs, and wakes when another has its place", .blocking, .notOverTLS("one of them is"))
struct FrozenPrimaryTests {
    /// Its connections stand, and over TLS it does not answer that they end.
    @Test(
        "it is left without a word of its own; what was asked of it is answered with errors, and not asked again",
        arguments: [false, true])
    func hangs(overTLS: Bool) throws {
        guard !overTLS || ServerProgram.current.speaksTLS else { return }
        let redis = try Self.redis(overTLS: overTLS)
        let client = try redis.client()
        #expect(try client.command("SET", "k", "old") == .status("OK"))
        try redis.cache("k")
        let old = try redis.group.primary()
        try old.command("WAIT", "2", "5000")
        let blocked = try redis.proxy.connection()
        try blocked.sendCommand("BLPOP", "queue", "0")
        // One shares its connection to the server, once it has said something; newcomers, and those who run scripts, have one of their own.
        let waiting = try (0..<3).map { _ in try redis.proxy.connection() }
        _ = try waiting[0].roundTrip("PING")
        try old.freeze()
        for (index, client) in waiting.enumerated() {
            if index == 2 {
                try client.sendCommand("EVAL", "redis.call('SET', KEYS[1], 'x')", "1", "asked meanwhile 2")
            } else {
                try client.sendCommand("SET", "asked meanwhile \(index)", "x")
            }
        }
        let primary = try redis.group.awaitAnother(than: old)
        let began = ContinuousClock.now
        try primary.command("SET", "k", "new")
        try redis.expectSoon("k", "new")
        #expect(ContinuousClock.now - began < .seconds(3), "nothing of the old one is waited for")
        for (index, client) in waiting.enumerated() {
            let reply = try client.receiveReplies(1)
            #expect(
                reply.hasPrefix("-ERR redis-proxy: the connection to the backing Redis was lost before the reply"),
                "\(reply)")
            #expect(try client.roundTrip("GET", "k") == "$3\r\nnew\r\n", "it has no state, so it goes on")
            #expect(try primary.command("EXISTS", "asked meanwhile \(index)") == .integer(0), "it is not sent again")
        }
        #expect(try blocked.receiveToEnd().bytes.isEmpty)
        old.thaw()
        // It calls itself a primary until a Sentinel has told it.
        for _ in 0..<50 {
            #expect(try client.command("GET", "k") == .text("new"))
            #expect(try redis.proxy.http.get("/k").text == #"{"key":"k","value":"new"}"#)
            pause(.milliseconds(20))
        }
    }

    private static func redis(overTLS: Bool) throws -> SentinelRedis {
        guard overTLS else { return try SentinelRedis(SentinelGroup()) }
        let certificates = try TestCertificates()
        let tls = SentinelGroup.TLS(certificates, try certificates.identity("all", names: "IP:127.0.0.1"))
        return try SentinelRedis(
            SentinelGroup(tls: tls), ["REDIS_TLS": "on", "REDIS_TLS_CA_FILE": certificates.authority])
    }
}
