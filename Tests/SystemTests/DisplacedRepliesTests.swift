import TestSupport
import Testing

@Suite("a server that gives a reply too many, or one too few", .blocking)
struct DisplacedRepliesTests {
    private static let users = [
        "filler on >secret ~* &* +@all", "bob on >bobpw ~bob:* &* +@all", "default on nopass resetkeys ~pub:* &* +@all",
    ]

    private static let filler = ["REDIS_USERNAME": "filler", "REDIS_PASSWORD": "secret"]

    private static func server() throws -> RedisServer {
        let server = try RedisServer(users: Self.users)
        let filler = try server.client()
        #expect(try filler.command("AUTH", "filler", "secret") == .status("OK"))
        #expect(try filler.command("SET", "top:secret", "TOPSECRET") == .status("OK"))
        return server
    }

    /// All that a session is sent until it reads the end of a reply that nothing else looks like.
    private static func said(_ connection: RawConnection, _ lines: String...) throws -> String {
        for line in lines { try connection.send(encodeCommand(line.split(separator: " ").map { Array($0.utf8) })) }
        let end = "end-\(UInt64.random(in: 0 ... .max))"
        try connection.sendCommand("ECHO", end)
        return String(decoding: try connection.receive(through: end + "\r\n"), as: UTF8.self)
    }

    /// Somebody who may read the key has it cached.
    private static func awaitCached(_ proxy: ProxyProcess) throws {
        try eventually("the proxy answers") {
            let filler = try proxy.connection()
            guard try filler.roundTrip("AUTH", "filler", "secret") == "+OK\r\n" else { return false }
            return try filler.roundTrip("GET", "top:secret") == "$9\r\nTOPSECRET\r\n"
        }
    }

    @Test("a transaction of Redis 7.0 that publishes to its own channel: another reply is none to AUTH")
    func publishInTransaction() throws {
        let redis = try ProxiedRedis(try Self.server(), Self.filler)
        try Self.awaitCached(redis.proxy)
        for attack in [
            ["MULTI", "SET bob:a x", "PUBLISH ch x", "SET bob:b x", "EXEC", "AUTH filler WRONG"],
            ["MULTI", "SET bob:a x", "PUBLISH ch x", "SET bob:b x", "EXEC", "AUTH filler WRONG", "REPLCONF ACK 1"],
            // In one piece it would be a reply that nobody has asked for.
            ["MULTI", "PUBLISH ch x", "GET bob:large", "EXEC", "AUTH filler WRONG"],
        ] {
            let bob = try redis.connection()
            #expect(try bob.roundTrip("AUTH", "bob", "bobpw") == "+OK\r\n")
            #expect(try bob.roundTrip("SETRANGE", "bob:large", "1000000", "x") == ":1000001\r\n")
            #expect(try bob.roundTrip("HELLO", "3").hasPrefix("%"))
            #expect(try bob.roundTrip("SUBSCRIBE", "ch").hasPrefix(">"))
            try bob.send(
                attack.flatMap { line in encodeCommand(line.split(separator: " ").map { Array($0.utf8) }) })
            let said = try Self.said(bob, "GET top:secret", "GET top:secret", "ACL WHOAMI")
            #expect(!said.contains("TOPSECRET"))
            #expect(said.contains("-NOPERM") && said.contains("\r\nbob\r\n"))
            #expect(try !Self.said(bob, "GET top:secret").contains("TOPSECRET"))
        }
    }

    @Test("whatever comes in the place of the reply to AUTH, a limited user reads nothing more")
    func forgedLogin() throws {
        let redis = try Self.server()
        let relay = try DisplacingRelay(to: redis)
        let proxied = try ProxiedRedis(
            redis,
            Self.filler.merging([
                "REDIS_PORT": "\(relay.port)", "CACHE_COHERENCE": "expiry", "REDIS_CONNECT_TIMEOUT": "20",
            ]) { $1 })
        try Self.awaitCached(proxied.proxy)
        let faults: [(String, DisplacingRelay.Fault)] = [
            ("WRONG", .extra("+OK\r\n")), ("WRONG", .replaced("+OK\r\n")), ("WRONG", .missing),
            ("before", .extraBehind("+OK\r\n")), ("before", .extra("+OK\r\n")),
        ]
        for (text, fault) in faults {
            for login in ["AUTH filler WRONG", "HELLO 2 AUTH filler WRONG"] {
                for isNew in [false, true] {
                    relay.displace(text, fault)
                    let bob = try proxied.connection()
                    if !isNew { #expect(try bob.roundTrip("AUTH", "bob", "bobpw") == "+OK\r\n") }
                    _ = try Self.said(bob, "CLIENT SETNAME before")
                    var said = try Self.said(bob, "ECHO before", login, "SET \(isNew ? "pub" : "bob"):a x")
                    // What comes too late makes up for what is missing.
                    relay.displace("after", .extraBehind("+OK\r\n"))
                    said += try Self.said(bob, "ECHO after")
                    for _ in 0..<3 { said += try Self.said(bob, "GET top:secret") }
                    #expect(!said.contains("TOPSECRET"), "\(fault), \(login), new \(isNew): \(said)")
                    #expect(relay.isDone)
                }
            }
        }
        let filler = try proxied.connection()
        #expect(try filler.roundTrip("AUTH", "filler", "secret") == "+OK\r\n")
        #expect(try filler.roundTrip("GET", "top:secret") == "$9\r\nTOPSECRET\r\n")
    }

    @Test("a session in another database than it seems is not answered from this one, and nobody gets its connection")
    func selected() throws {
        let redis = try RedisServer()
        let relay = try DisplacingRelay(to: redis)
        let proxied = try ProxiedRedis(
            redis,
            ["REDIS_PORT": "\(relay.port)", "CACHE_COHERENCE": "expiry", "THREADS": "1", "REDIS_CONNECT_TIMEOUT": "20"])
        try proxied.awaitCommandTable()
        try proxied.cache("hot", "cached", behind: "behind")
        relay.displace("SELECT", .replaced("-ERR no\r\n"))
        let session = try proxied.connection()
        #expect(try session.roundTrip("SELECT", "1") == "-ERR no\r\n")
        for _ in 0..<3 { #expect(try session.roundTrip("GET", "hot") == "$-1\r\n") }
        for _ in 0..<20 {
            let other = try proxied.connection()
            for _ in 0..<2 { #expect(try other.roundTrip("INCR", "count").hasPrefix(":")) }
            #expect(try other.roundTrip("MULTI") == "+OK\r\n")
            #expect(try other.roundTrip("DISCARD") == "+OK\r\n")
        }
        #expect(try redis.command("GET", "count") == .text("40"))
    }

    @Test("who is in a transaction without knowing it is not answered from the cache, and nobody gets his connection")
    func transaction() throws {
        let redis = try RedisServer()
        let relay = try DisplacingRelay(to: redis)
        let proxied = try ProxiedRedis(
            redis,
            ["REDIS_PORT": "\(relay.port)", "CACHE_COHERENCE": "expiry", "THREADS": "1", "REDIS_CONNECT_TIMEOUT": "20"])
        try proxied.awaitCommandTable()
        try proxied.cache("hot", "cached", behind: "behind")
        for fault in [DisplacingRelay.Fault.replaced("-ERR no\r\n"), .extra("-ERR no\r\n")] {
            let session = try proxied.connection()
            _ = try Self.said(session, "CLIENT SETNAME before")
            relay.displace("MULTI", fault)
            #expect(try session.roundTrip("MULTI") == "-ERR no\r\n")
            let said = try Self.said(session, "GET hot", "DISCARD")
            #expect(said.contains("+QUEUED\r\n") && !said.contains("cached"))
            for _ in 0..<10 {
                let other = try proxied.connection()
                for _ in 0..<2 { #expect(try other.roundTrip("INCR", "count").hasPrefix(":")) }
            }
        }
    }

    @Test("what the proxy asks by itself is not passed on, in whatever pieces it is answered")
    func pieces() throws {
        let redis = try RedisServer()
        let relay = try FaultyRelay(to: redis, .dripping)
        let proxied = try ProxiedRedis(redis, ["THREADS": "1"], behind: relay)
        let session = try proxied.connection()
        for version in ["3", "2"] {
            #expect(try session.roundTrip("HELLO", version).contains("proto"))
            #expect(try session.roundTrip("SELECT", "1") == "+OK\r\n")
            #expect(try session.roundTrip("SELECT", "0") == "+OK\r\n")
            #expect(try session.roundTrip("MULTI") == "+OK\r\n")
            #expect(try session.roundTrip("EXEC") == "*0\r\n")
            #expect(try session.roundTrip("SET", "k", "v") == "+OK\r\n")
            #expect(try session.roundTrip("GET", "k") == "$1\r\nv\r\n")
        }
        #expect(try redis.calls(of: "client|info") > 0)
    }
}
