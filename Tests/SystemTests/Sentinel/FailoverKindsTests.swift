import Foundation
import TestSupport
import Testing

/// Prints, line by line, the tables of docs/sentinel.md.
@Suite("what clients read in a failover, by kind", .blocking, .notOverTLS("SentinelTLSTests are"))
struct FailoverKindsTests {
    private typealias Row = (kind: String, read: String)

    private static let unreachable =
        "MASTERDOWN redis-proxy: the backing Redis at HOST:PORT is not reachable: connection refused"

    /// What all kinds of requests read where there is nobody to answer them.
    private static func refused(_ text: String) -> [String] {
        Array(repeating: "`-\(text)`", count: 8) + ["503 `{\"error\":\"\(text)\"}`"]
    }

    private static let served = [
        "`v`", "`x`", "`:1`", "`*-1`", "`*3 subscribe channel :1`", "`+OK`", "`+OK`", "`+OK`",
        #"200 `{"key":"cached","value":"v"}`"#,
    ]

    @Test("the primary is dead, and no other is named")
    func dead() throws {
        let redis = try SentinelRedis(SentinelGroup(downAfter: 60_000))
        let standing = try Self.prepare(redis)
        try redis.group.primary().kill()
        Self.expect(try standing.ends(), "primary dead, those who were there", are: Standing.closedAsState)
        try Self.awaitAbsence(redis, Self.unreachable)
        let began = ContinuousClock.now
        Self.expect(try Self.ask(redis, standing), "primary dead, requests", are: Self.refused(Self.unreachable))
        #expect(ContinuousClock.now - began < .seconds(10), "all come at once")
    }

    @Test("the one that is named says that it is a replica")
    func unproven() throws {
        let redis = try SentinelRedis(SentinelGroup(downAfter: 60_000))
        let standing = try Self.prepare(redis)
        try redis.group.primary().command("REPLICAOF", "127.0.0.1", "1")
        // The server's own words; it has no state behind them.
        let unblocked =
            "`-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)`"
        Self.expect(
            try standing.ends(), "none that says so, those who were there",
            are: [unblocked] + Standing.closedAsState.dropFirst())
        let text =
            "MASTERDOWN redis-proxy: no primary of mymaster: HOST:PORT has been named by Sentinels, but is a replica"
        try Self.awaitAbsence(redis, text)
        let began = ContinuousClock.now
        Self.expect(try Self.ask(redis, standing), "none that says so, requests", are: Self.refused(text))
        #expect(ContinuousClock.now - began < .seconds(10), "all come at once")
    }

    @Test("a planned failover")
    func planned() throws {
        let redis = try SentinelRedis(SentinelGroup())
        let standing = try Self.prepare(redis)
        let old = try redis.group.primary()
        try old.command("WAIT", "2", "5000")
        let stop = Flag()
        let asking = BackgroundWork { try Self.askThroughout(redis, until: stop) }
        try redis.group.failOver()
        Self.expect(try standing.ends(), "planned, those who were there", are: Standing.closedAsState)
        try redis.awaitService()
        stop.set()
        let texts = try asking.wait()
        print("planned, errors meanwhile:\n\(texts.sorted().joined(separator: "\n"))")
        for text in texts {
            let isKnown = [
                "MASTERDOWN redis-proxy: ",
                "ERR redis-proxy: the connection to the backing Redis was lost before the reply: whether the command was done is not known",
                "ERR redis-proxy: the backing Redis ", "READONLY ", "UNBLOCKED ",
            ].contains { text.hasPrefix($0) }
            #expect(isKnown, "\(text)")
        }
        Self.expect(try Self.ask(redis, standing), "planned, requests behind it", are: Self.served)
    }

    @Test("no Sentinel can be reached: while the primary is known all goes on; at start that is the error")
    func noSentinel() throws {
        let redis = try SentinelRedis(SentinelGroup())
        let standing = try Self.prepare(redis)
        for sentinel in redis.group.sentinels { try sentinel.kill() }
        try eventually("it is noticed") {
            redis.proxy.log.split(separator: "\n").count { $0.contains("not heard") } >= 3
        }
        Self.expect(
            try standing.ends(), "no Sentinel, those who were there", are: Array(repeating: "open", count: 5))
        Self.expect(try Self.ask(redis, standing), "no Sentinel, requests", are: Self.served)
        let other = SentinelRedis(
            group: redis.group, startedProxy: try ProxyProcess(environment: redis.group.environment, overTLS: false))
        let text =
            "MASTERDOWN redis-proxy: no primary of mymaster: none of the Sentinels (REDIS_SENTINELS) answers: the Sentinel at HOST:PORT is not reachable: connection refused"
        try Self.awaitAbsence(other, text)
        Self.expect(try Self.ask(other), "no Sentinel at start, requests", are: Self.refused(text))
    }

    // MARK: Clients

    /// Clients that are in the middle of something.
    private struct Standing {
        static let closedAsState = ["closed", "closed", "closed", "closed", "open"]

        let blocked: RawConnection
        let subscriber: RawConnection
        let transaction: RawConnection
        let named: RawConnection
        let idle: RawConnection

        /// What each reads without asking for anything.
        func ends() throws -> [Row] {
            func end(_ connection: RawConnection) throws -> String {
                guard try !connection.staysSilent(for: .seconds(3)) else { return "open" }
                let bytes = try connection.receiveSome()
                return bytes.isEmpty
                    ? "closed" : "`\(FailoverKindsTests.shown(String(decoding: bytes, as: UTF8.self)))`"
            }
            return try [
                ("a blocked client", end(blocked)), ("a subscriber", end(subscriber)),
                ("a transaction", end(transaction)), ("a client with a name", end(named)),
                ("a client without state", end(idle)),
            ]
        }
    }

    private static func prepare(_ redis: SentinelRedis) throws -> Standing {
        let client = try redis.client()
        #expect(try client.command("SET", "cached", "v") == .status("OK"))
        #expect(try client.command("SET", "other", "x") == .status("OK"))
        try redis.cache("cached")
        let standing = Standing(
            blocked: try redis.proxy.connection(), subscriber: try redis.proxy.connection(),
            transaction: try redis.proxy.connection(), named: try redis.proxy.connection(),
            idle: try redis.proxy.connection())
        try standing.blocked.sendCommand("BLPOP", "queue", "0")
        _ = try standing.subscriber.roundTrip("SUBSCRIBE", "channel")
        #expect(try standing.transaction.roundTrip("MULTI") == "+OK\r\n")
        #expect(try standing.transaction.roundTrip("SET", "in a transaction", "x") == "+QUEUED\r\n")
        #expect(try standing.named.roundTrip("CLIENT", "SETNAME", "worker") == "+OK\r\n")
        #expect(try standing.idle.roundTrip("GET", "cached") == "$1\r\nv\r\n")
        let primary = try redis.group.primary()
        try eventually("it blocks") { try primary.info("blocked_clients") == "1" }
        return standing
    }

    /// What a request of each kind reads, on a connection of its own but for the first.
    private static func ask(_ redis: SentinelRedis, _ standing: Standing? = nil) throws -> [Row] {
        func read(_ words: [String], on connection: RawConnection? = nil) throws -> String {
            let connection = try connection ?? redis.proxy.connection()
            let reply = String(decoding: try connection.roundTrip(words.map { Array($0.utf8) }), as: UTF8.self)
            let isOpen = try connection.staysSilent(for: .milliseconds(50))
            return "`\(Self.shown(reply))`" + (isOpen ? "" : ", closed")
        }
        let http = try redis.proxy.http.get("/cached")
        return try [
            ("a read of a cached key", read(["GET", "cached"], on: standing?.idle)),
            ("a read of another", read(["GET", "other"])), ("a write", read(["INCR", "asked for"])),
            ("a command that blocks", read(["BLPOP", "nothing", "0.01"])),
            ("`SUBSCRIBE`", read(["SUBSCRIBE", "channel"])), ("`MULTI`", read(["MULTI"])),
            ("`CLIENT SETNAME`", read(["CLIENT", "SETNAME", "worker"])),
            ("`SELECT`", read(["SELECT", "1"])), ("HTTP", "\(http.status) `\(Self.withoutPorts(http.text))`"),
        ]
    }

    /// All errors that requests of each kind read.
    private static func askThroughout(_ redis: SentinelRedis, until stop: Flag) throws -> Set<String> {
        var texts: Set<String> = []
        let client = try redis.client()
        var named: HiredisClient?
        while !stop.isSet {
            var replies = try [client.command("GET", "cached"), client.command("GET", "other")]
            replies.append(try client.command("INCR", "counter"))
            do {
                let pinned = try named ?? redis.client()
                named = pinned
                replies += try [pinned.command("CLIENT", "SETNAME", "worker"), pinned.command("BLPOP", "no", "0.001")]
            } catch { named = nil }
            for case .error(let text) in replies { texts.insert(Self.withoutPorts(text)) }
        }
        return texts
    }

    private static func awaitAbsence(_ redis: SentinelRedis, _ text: String) throws {
        let client = try redis.client()
        try eventually("all event loops know: \(redis.proxy.log)") {
            try (0..<4).allSatisfy { _ in
                try redis.client().command("GET", "k").string.map(Self.withoutPorts) == text
                    && client.command("SET", "k", "v").string.map(Self.withoutPorts) == text
            }
        }
    }

    // MARK: Texts

    private static func expect(_ rows: [Row], _ situation: String, are expected: [String]) {
        let lines = rows.map { "| \($0.kind) | \($0.read) |" }
        print("\(situation):\n\(lines.joined(separator: "\n"))")
        #expect(rows.map(\.read) == expected)
    }

    /// A reply without line ends and lengths.
    fileprivate static func shown(_ reply: String) -> String {
        let parts = reply.split(separator: "\r\n").filter { !$0.hasPrefix("$") }
        return withoutPorts(parts.joined(separator: " "))
    }

    private static func withoutPorts(_ text: String) -> String {
        text.replacing(/127\.0\.0\.1:[0-9]+/, with: "HOST:PORT")
    }
}
