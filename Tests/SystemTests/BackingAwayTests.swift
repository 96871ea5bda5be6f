import TestSupport
import Testing

@Suite("the backing is away, comes back, or stands still", .blocking)
struct BackingAwayTests {
    @Test("down at start: the proxy starts and says so clearly on both protocols, at once; later it serves")
    func downAtStart() throws {
        let server = try RedisServer()
        try server.kill()
        let proxy = try ProxyProcess(fronting: server)
        #expect(try proxy.client().command("GET", "k").isError("ERR"))
        #expect(try proxy.client().command("SET", "k", "v").isError("ERR"))
        let response = try proxy.http.get("/k")
        #expect(response.status == 503)
        #expect(response["content-type"]?.hasPrefix("application/json") == true)
        #expect(!response.body.isEmpty)
        try server.restart()
        try Self.eventuallyServes(proxy)
    }

    @Test("a name that does not resolve: the same clear errors, and a proxy that runs")
    func unknownName() throws {
        let proxy = try ProxyProcess(environment: ["REDIS_HOST": "no-such-host.invalid"])
        #expect(try proxy.client().command("GET", "k").isError("ERR"))
        #expect(try proxy.client().command("SET", "k", "v").isError("ERR"))
        #expect(try proxy.http.get("/k").status == 503)
        #expect(proxy.process.isRunning)
    }

    @Test(
        "behind a SELECT or MULTI that could not be sent, what came with it is not done",
        arguments: ["SELECT 1", "MULTI"])
    func behindState(command: String) throws {
        let server = try RedisServer()
        try server.kill()
        let proxy = try ProxyProcess(fronting: server)
        let client = try proxy.connection()
        try client.send("\(command)\r\nSET k v\r\n")
        let end = try client.receiveToEnd()
        #expect(
            printable(end.bytes).hasPrefix("-ERR redis-proxy: ")
                && end.bytes.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        let alone = try proxy.connection()
        for _ in 0..<2 {
            #expect(try alone.roundTrip(command).hasPrefix("-ERR redis-proxy: "), "nothing was behind it")
        }
    }

    @Test("an address that never answers: errors within the connect time-out")
    func blackHole() throws {
        let hole = try BlackHole()
        let proxy = try ProxyProcess(
            environment: [
                "REDIS_HOST": "127.0.0.1", "REDIS_PORT": "\(hole.port)", "REDIS_CONNECT_TIMEOUT": "0.5",
            ])
        #expect(try proxy.client().command("SET", "k", "v").isError("ERR redis-proxy"))
        #expect(try proxy.client().command("GET", "k").isError("ERR redis-proxy"))
        withExtendedLifetime(hole) {}
    }

    @Test("killed and back: errors meanwhile, in service again afterwards, nothing older served as new")
    func killedAndBack() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.cache("k", "old", behind: "new")
        let idle = try redis.client()
        let stateful = try redis.connection()
        #expect(try stateful.roundTrip("MULTI") == "+OK\r\n")
        try redis.server.kill()
        #expect(try stateful.receiveToEnd().bytes.isEmpty, "its transaction is lost, so it is closed")
        #expect(try redis.client().command("GET", "nosuch").isError("ERR"))
        #expect(try redis.client().command("GET", "k") == .text("old"), "by expiry hits go on")
        #expect(try redis.client().command("SET", "k", "v").isError("ERR"))
        #expect(try redis.http.get("/nosuch").status == 503)
        try redis.server.restart()
        try Self.eventuallyServes(redis.proxy)
        // Each event loop comes back by itself: this session's may be a little later than the one that serves already.
        try eventually("a session without state goes on") { try idle.command("GET", "fresh") == .null }
    }

    @Test("stopped five times, with clients at work: no reply is ever wrong, and descriptors do not grow")
    func restartsUnderLoad() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.client().command("GET", "warm")
        let before = redis.proxy.descriptors
        let load = (0..<6).map { index in
            BackgroundWork {
                let end = ContinuousClock.now + .seconds(4)
                var good = 0
                while ContinuousClock.now < end {
                    guard let client = try? redis.client() else { continue }
                    // Errors and closes are to be expected here; another client's reply is not.
                    while ContinuousClock.now < end, let reply = try? client.command("ECHO", "\(index)-\(good)") {
                        if case .error = reply { break }
                        guard reply == .text("\(index)-\(good)") else { throw TestSupportError("\(reply)") }
                        good += 1
                        guard let value = try? client.command("GET", "k\(index)") else { break }
                        guard value == .null || value.isError("") else { throw TestSupportError("\(value)") }
                    }
                    pause(.milliseconds(5))
                }
                return good
            }
        }
        for _ in 0..<5 {
            pause(.milliseconds(300))
            try redis.server.restart()
        }
        for work in load { #expect(try work.wait() > 0) }
        try Self.eventuallyServes(redis.proxy)
        // Each event loop keeps a shared connection and two spare ones ready, which it had not needed before.
        try eventually("descriptors are back") { redis.proxy.descriptors <= before + 10 }
    }

    @Test("frozen: hits go on, a miss times out, and all is well afterwards")
    func frozen() throws {
        let redis = try ProxiedRedis.byExpiry(["REDIS_COMMAND_TIMEOUT": "1"])
        try redis.cache("k", "old", behind: "new")
        let relayed = try redis.connection()
        #expect(try relayed.roundTrip("SET", "n", "1") == "+OK\r\n")
        try redis.server.freeze()
        let client = try redis.client()
        #expect(try client.command("GET", "k") == .text("old"))
        #expect(try redis.http.get("/k")["x-cache"] == "HIT")
        try relayed.send("INCR n\r\nINCR n\r\n")
        let start = ContinuousClock.now
        let browser = BackgroundWork { try redis.connection().httpGet("/miss2").status }
        #expect(try client.command("GET", "miss").isError("ERR"))
        #expect(ContinuousClock.now - start >= .milliseconds(900))
        #expect(try browser.wait() == 504)
        redis.server.thaw()
        #expect(try relayed.receiveReplies(2) == ":2\r\n:3\r\n", "relayed commands have no time-out")
        try eventually("misses are served again") { try redis.client().command("GET", "miss") == .null }
        #expect(try client.command("GET", "k") == .text("old"))
    }

    @Test("a server at maxclients: a clear error, not a hang")
    func serverIsFull() throws {
        let redis = try ProxiedRedis.byExpiry(redis: ["--maxclients", "8"])
        #expect(try redis.client().command("GET", "k") == .null)
        var crowd: [HiredisClient] = []
        try eventually("the server is full") {
            let client = try redis.server.client()
            let reply = try? client.command("PING")
            if reply == .status("PONG") { crowd.append(client) }
            return reply != .status("PONG")
        }
        // The first of them get the connections that the proxy has ready.
        var sessions: [RawConnection] = []
        var answer = ""
        while sessions.count < 16, !answer.hasPrefix("-ERR") {
            let session = try redis.connection()
            sessions.append(session)
            try session.send("MULTI\r\n")
            answer = String(decoding: try session.receive(through: "\r\n"), as: UTF8.self)
        }
        #expect(answer.hasPrefix("-ERR"))
    }

    private static func eventuallyServes(_ proxy: ProxyProcess) throws {
        try eventually("in service again") {
            guard let client = try? proxy.client() else { return false }
            return (try? client.command("SET", "back", "yes")) == .status("OK")
                && (try? client.command("GET", "back")) == .text("yes")
        }
        // The next connection may be of another event loop, which connects again by itself.
        try eventually("in service again over HTTP") { try proxy.http.get("/back").status == 200 }
    }
}
