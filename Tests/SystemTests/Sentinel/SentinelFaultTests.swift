import TestSupport
import Testing

@Suite("Sentinels that die, hang, lag, or know nothing", .blocking, .notOverTLS("SentinelTLSTests are"))
struct SentinelFaultTests {
    @Test("one dies: the others tell of the failover; then all but one: service goes on; then all: service goes on")
    func deaths() throws {
        let redis = try SentinelRedis(SentinelGroup())
        try redis.group.sentinels[2].kill()
        let primary = try redis.group.failOver()
        try primary.command("SET", "k", "new")
        try redis.expectSoon("k", "new")
        try redis.group.sentinels[1].kill()
        let client = try redis.client()
        #expect(try client.command("SET", "k", "by one") == .status("OK"))
        try redis.group.sentinels[0].kill()
        for _ in 0..<20 {
            #expect(try client.command("SET", "k", "by none") == .status("OK"))
            pause(.milliseconds(100))
        }
        #expect(try primary.command("GET", "k") == .text("by none"))
    }

    @Test("one that is known from another is enough to hear of the failover")
    func learned() throws {
        let group = try SentinelGroup()
        let redis = try SentinelRedis(group, ["REDIS_SENTINELS": "127.0.0.1:\(group.sentinels[0].port)"])
        try eventually("the others are heard") {
            try group.sentinels[1].command("CLIENT", "LIST").string?.contains("cmd=subscribe") == true
                || group.sentinels[1].command("CLIENT", "LIST").string?.contains("sub=5") == true
        }
        try group.sentinels[0].kill()
        let before = try group.primary()
        try before.kill()
        let primary = try group.awaitAnother(than: before)
        try primary.command("SET", "k", "new")
        try redis.expectSoon("k", "new")
    }

    @Test(
        "one hangs: the failover is heard from the others, and what the hanging one says when it wakes is not believed")
    func hangs() throws {
        let redis = try SentinelRedis(SentinelGroup())
        let sleeper = redis.group.sentinels[2]
        try sleeper.freeze()
        let primary = try redis.group.failOver(answering: 2)
        try primary.command("SET", "k", "new")
        try redis.expectSoon("k", "new")
        sleeper.thaw()
        for _ in 0..<30 {
            #expect(try redis.client().command("GET", "k") == .text("new"))
            pause(.milliseconds(20))
        }
        try sleeper.freeze()
        // A proxy that starts meanwhile must not wait for it.
        let other = try ProxyProcess(environment: redis.group.environment, overTLS: false)
        let began = ContinuousClock.now
        try eventually("it serves") { try other.client().command("GET", "k") == .text("new") }
        #expect(ContinuousClock.now - began < .seconds(5))
        sleeper.thaw()
    }

    @Test("one that hears nothing of the others, and goes on naming the old primary, is not believed, at start either")
    func cutOff() throws {
        let users = ["alone on >pw allkeys allcommands resetchannels"]
        let group = try SentinelGroup(users: users)
        let old = group.servers[0]
        // It may not use the channel by which Sentinels tell each other what has changed.
        let lonely = try SentinelServer(
            SentinelGroup.lines(host: "127.0.0.1", port: old.port, quorum: 2) + [
                "sentinel auth-user \(SentinelGroup.name) alone", "sentinel auth-pass \(SentinelGroup.name) pw",
            ])
        let all = "127.0.0.1:\(lonely.port)," + (group.environment["REDIS_SENTINELS"] ?? "")
        let redis = try SentinelRedis(group, ["REDIS_SENTINELS": all])
        let primary = try group.failOver()
        try primary.command("SET", "k", "new")
        try redis.expectSoon("k", "new")
        #expect(
            try lonely.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SentinelGroup.name).elements.last
                == .text("\(old.port)"))
        let later = try ProxyProcess(
            environment: group.environment.merging(["REDIS_SENTINELS": all]) { $1 }, overTLS: false)
        try eventually("it serves") { try later.client().command("GET", "k") == .text("new") }
        for _ in 0..<30 {
            #expect(try redis.client().command("GET", "k") == .text("new"))
            #expect(try later.client().command("GET", "k") == .text("new"))
            pause(.milliseconds(50))
        }
    }

    @Test("one that knows nothing of the name does not stand in the way")
    func knowsNothing() throws {
        let group = try SentinelGroup()
        let stranger = try SentinelServer()
        let all = "127.0.0.1:\(stranger.port)," + (group.environment["REDIS_SENTINELS"] ?? "")
        let redis = try SentinelRedis(group, ["REDIS_SENTINELS": all])
        let primary = try group.failOver()
        try primary.command("SET", "k", "new")
        try redis.expectSoon("k", "new")
    }

    // MARK: What is wrong, and the option that mends it

    private func expect(
        _ environment: [String: String], says text: String, status: Int = 503,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let proxy = try ProxyProcess(environment: environment, overTLS: false)
        let client = try proxy.client()
        try eventually("clients are told: \(text)") {
            let replies = try [client.command("GET", "k"), client.command("SET", "k", "v")]
            return replies.allSatisfy { $0.isError("") && $0.string?.contains(text) == true }
        }
        #expect(try proxy.http.get("/k").status == status, sourceLocation: sourceLocation)
        try eventually("the log tells it: \(proxy.log)") { proxy.log.contains(text) }
        let lines = proxy.log.split(separator: "\n").filter { $0.contains(text) && $0.contains(" warning ") }
        #expect(lines.count <= 3, "\(lines)", sourceLocation: sourceLocation)
    }

    @Test("Sentinels that know nothing of the name")
    func unknownName() throws {
        let sentinels = try (0..<2).map { _ in try SentinelServer() }
        try self.expect(
            [
                "REDIS_SENTINELS": sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ","),
                "REDIS_SENTINEL_MASTER": "mymaster",
            ], says: "the Sentinels keep no primary by that name; REDIS_SENTINEL_MASTER names the one that is meant")
    }

    @Test("Sentinels that do not answer, and servers in their place")
    func noSentinels() throws {
        let port = try freePort()
        try self.expect(
            ["REDIS_SENTINELS": "127.0.0.1:\(port)", "REDIS_SENTINEL_MASTER": "mymaster"],
            says:
                "none of the Sentinels (REDIS_SENTINELS) answers: the Sentinel at 127.0.0.1:\(port) is not reachable"
        )
        let server = try RedisServer(overTLS: false)
        try self.expect(
            ["REDIS_SENTINELS": "127.0.0.1:\(server.port)", "REDIS_SENTINEL_MASTER": "mymaster"],
            says: "127.0.0.1:\(server.port) is no Sentinel; REDIS_SENTINELS names those")
    }

    @Test("REDIS_HOST that is a Sentinel", arguments: ["auto", "expiry"])
    func hostIsSentinel(coherence: String) throws {
        let sentinel = try SentinelServer()
        try self.expect(
            ["REDIS_HOST": "127.0.0.1", "REDIS_PORT": "\(sentinel.port)", "CACHE_COHERENCE": coherence],
            says:
                "127.0.0.1:\(sentinel.port) is a Sentinel, which has no values; REDIS_SENTINELS and REDIS_SENTINEL_MASTER"
        )
    }

    @Test("a server that announces an address which cannot be reached, and REDIS_ADDRESS_MAP, which mends it")
    func addressMap() throws {
        let server = try RedisServer(overTLS: false)
        // Nobody listens where the Sentinel says that the server is.
        let announced = try freePort()
        let sentinel = try SentinelServer(
            SentinelGroup.lines(host: "127.0.0.1", port: announced, quorum: 1, downAfter: 60_000))
        var environment = [
            "REDIS_SENTINELS": "127.0.0.1:\(sentinel.port)", "REDIS_SENTINEL_MASTER": SentinelGroup.name,
        ]
        try self.expect(
            environment,
            says: "REDIS_ADDRESS_MAP says where they are")
        environment["REDIS_ADDRESS_MAP"] = "10.0.0.1:1=10.0.0.2:1, 127.0.0.1:\(announced)=127.0.0.1:\(server.port)"
        let proxy = try ProxyProcess(environment: environment, overTLS: false)
        try eventually("it serves: \(proxy.log)") { try proxy.client().command("SET", "k", "v") == .status("OK") }
        #expect(try server.command("GET", "k") == .text("v"))
    }

    // MARK: Passwords

    @Test("servers and Sentinels have passwords of their own")
    func passwords() throws {
        let group = try SentinelGroup(password: "of-the-servers", sentinelPassword: "of-the-sentinels")
        let redis = try SentinelRedis(
            group, ["REDIS_PASSWORD": "of-the-servers", "REDIS_SENTINEL_PASSWORD": "of-the-sentinels"])
        let primary = try group.failOver()
        try primary.command("SET", "k", "new")
        let client = try redis.client(password: "of-the-servers")
        try eventually("k is new: \(redis.proxy.log)") { try client.command("GET", "k") == .text("new") }
        try self.expect(
            group.environment.merging(["REDIS_SENTINEL_PASSWORD": "wrong", "REDIS_PASSWORD": "of-the-servers"]) { $1 },
            says:
                "none of the Sentinels (REDIS_SENTINELS) answers: WRONGPASS invalid username-password pair or user is disabled."
                + " REDIS_SENTINEL_PASSWORD and REDIS_SENTINEL_USERNAME are for Sentinels.", status: 401)
        try self.expect(
            group.environment.merging(["REDIS_SENTINEL_PASSWORD": "of-the-sentinels", "REDIS_PASSWORD": "wrong"]) {
                $1
            },
            says:
                "but does not say whether it is the primary: WRONGPASS invalid username-password pair or user is disabled."
                + " REDIS_PASSWORD and REDIS_USERNAME are for the servers.", status: 401)
    }
}
