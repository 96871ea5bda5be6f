import TestSupport
import Testing

@Suite("states of a session, live against a server", .blocking)
struct LiveStatesTests {
    @Test("a replica synchronises through the proxy and follows later writes")
    func replica() throws {
        let redis = try ProxiedRedis.byExpiry()
        for index in 0..<100 { try redis.server.command("SET", "k\(index)", "\(index)") }
        let replica = try RedisServer(
            arguments: ["--replicaof", "127.0.0.1", "\(redis.proxy.port)"] + TLSRun.replicaArguments)
        try eventually("the first synchronisation") { try replica.info("master_link_status") == "up" }
        #expect(try replica.command("GET", "k42") == .text("42"))
        try redis.client().command("SET", "later", "x")
        try redis.server.command("SET", "straight", "x")
        try eventually("later writes") {
            try replica.command("GET", "later") == .text("x") && replica.command("GET", "straight") == .text("x")
        }
    }

    @Test("CLIENT UNBLOCK ends a blocked command, and what is pipelined behind it is answered")
    func unblock() throws {
        let redis = try ProxiedRedis.byExpiry()
        for (way, reply) in [
            ("TIMEOUT", "*-1\r\n"), ("ERROR", "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n"),
        ] {
            let blocked = try redis.connection()
            let answer = try blocked.roundTrip("CLIENT", "ID")
            let id = String(answer.dropFirst().dropLast(1))
            try blocked.send("BLPOP q 0\r\nSET k v\r\nGET k\r\n")
            try eventually("it blocks") { try redis.server.info("blocked_clients") == "1" }
            let unblocked = try redis.connection().roundTrip("CLIENT", "UNBLOCK", id, way)
            #expect(unblocked == ":1\r\n", "\(id): \(answer)")
            #expect(try blocked.receiveReplies(3) == reply + "+OK\r\n$1\r\nv\r\n")
        }
    }

    @Test("during CLIENT PAUSE WRITE a write waits, and the GET behind it sees the new value")
    func pause() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.cache("k", "old", behind: "old")
        let other = try redis.connection()
        #expect(try other.roundTrip("CLIENT", "PAUSE", "20000", "WRITE") == "+OK\r\n")
        let writer = try redis.connection()
        try writer.send("SET k new\r\nGET k\r\n")
        try eventually("the write is held") { try redis.server.info("blocked_clients") != "0" }
        #expect(try redis.connection().roundTrip("EXISTS", "k") == ":1\r\n")
        #expect(try other.roundTrip("CLIENT", "UNPAUSE") == "+OK\r\n")
        #expect(try writer.receiveReplies(2) == "+OK\r\n$3\r\nnew\r\n")
    }

    @Test("during CLIENT PAUSE every client waits by itself, and reads go on")
    func pausedClients() throws {
        let redis = try ProxiedRedis.byExpiry(["THREADS": "1"])
        try redis.awaitSharing()
        let other = try redis.connection()
        #expect(try other.roundTrip("CLIENT", "PAUSE", "20000", "WRITE") == "+OK\r\n")
        let writers = try (0..<5).map { _ in try redis.connection() }
        for (index, writer) in writers.enumerated() { try writer.sendCommand("SET", "k\(index)", "v") }
        try eventually("each is blocked") { try redis.server.info("blocked_clients") == "5" }
        #expect(try redis.connection().roundTrip("EXISTS", "k0") == ":0\r\n")
        #expect(try other.roundTrip("CLIENT", "UNPAUSE") == "+OK\r\n")
        for writer in writers { #expect(try writer.receiveReply() == Array("+OK\r\n".utf8)) }
    }

    @Test("a client in MONITOR sees the reads of the others, and afterwards they are hits again")
    func monitoredReads() throws {
        let redis = try ProxiedRedis()
        let reader = try redis.client()
        try redis.server.command("SET", "k", "v")
        func isHit() throws -> Bool {
            let before = try redis.server.calls(of: "get")
            #expect(try reader.command("GET", "k") == .text("v"))
            return try redis.server.calls(of: "get") == before
        }
        try eventually("a hit") { try isHit() }
        let watcher = try redis.connection()
        #expect(try watcher.roundTrip("MONITOR") == "+OK\r\n")
        #expect(try reader.command("GET", "k") == .text("v"))
        var line = ""
        while !line.contains("\"GET\" \"k\"") { line = String(decoding: try watcher.receiveReply(), as: UTF8.self) }
        watcher.finishSending()
        _ = try watcher.receiveToEnd()
        try eventually("a hit again") { try isHit() }
    }

    @Test("the server is asked once a second whom it lets in, whatever the number of event loops")
    func admissionIsAskedOnce() throws {
        let redis = try ProxiedRedis.byExpiry(["THREADS": "6"])
        try redis.awaitSharing()
        let client = try redis.server.client()
        func connections() throws -> Int {
            let info = try client.command("INFO", "stats").string ?? ""
            let line = info.split(separator: "\r\n").first { $0.hasPrefix("total_connections_received:") }
            return line.flatMap { Int($0.drop { $0 != ":" }.dropFirst()) } ?? 0
        }
        let before = try connections()
        let started = ContinuousClock.now
        try eventually("it is asked") { try connections() >= before + 3 }
        #expect(ContinuousClock.now - started > .seconds(1), "three questions are two intervals")
    }

    @Test("server commands are relayed", arguments: ["FAILOVER ABORT", "DEBUG SLEEP 0", "ACL WHOAMI", "ACL CAT read"])
    func relayed(line: String) throws {
        let redis = try ProxiedRedis.byExpiry()
        let words = line.split(separator: " ").map { Array($0.utf8) }
        #expect(try redis.connection().roundTrip(words) == redis.straight().roundTrip(words))
    }

    @Test(
        "hits go on after a transaction, a subscription and a name, under both protocol versions",
        arguments: ["2", "3"], ["expiry", "tracking"])
    func hitsGoOn(version: String, coherence: String) throws {
        let redis = try ProxiedRedis(["CACHE_COHERENCE": coherence])
        let connection = try redis.connection()
        for (index, lines) in [
            ["HELLO \(version)"], ["MULTI", "PING", "EXEC"], ["SUBSCRIBE a", "UNSUBSCRIBE a"], ["CLIENT SETNAME me"],
            ["CLIENT REPLY SKIP\r\nPING\r\nPING"], ["CLIENT REPLY OFF\r\nPING\r\nCLIENT REPLY ON"], ["RESET"],
            ["HELLO \(version)"], ["CLIENT REPLY OFF\r\nRESET"], ["HELLO \(version) SETNAME again"],
        ].enumerated() {
            for line in lines {
                try connection.send(line + "\r\n")
                #expect(try connection.receiveReply().first != UInt8(ascii: "-"))
            }
            try redis.server.command("SET", "k\(index)", "v")
            try eventually("a hit after \(lines)") {
                let before = try redis.server.calls(of: "get")
                #expect(try connection.roundTrip("GET", "k\(index)") == "$1\r\nv\r\n")
                return try redis.server.calls(of: "get") == before
            }
        }
    }
}
