import TestSupport
import Testing

@Suite("states of a session, live against a server", .blocking)
struct LiveStatesTests {
    @Test("a replica synchronises through the proxy and follows later writes")
    func replica() throws {
        let redis = try ProxiedRedis.byExpiry()
        for index in 0..<100 { try redis.server.command("SET", "k\(index)", "\(index)") }
        let replica = try RedisServer(arguments: ["--replicaof", "127.0.0.1 \(redis.proxy.port)"])
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
            #expect(try redis.connection().roundTrip("CLIENT", "UNBLOCK", id, way) == ":1\r\n")
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

    @Test("server commands are relayed", arguments: ["FAILOVER ABORT", "DEBUG SLEEP 0", "ACL WHOAMI", "ACL CAT read"])
    func relayed(line: String) throws {
        let redis = try ProxiedRedis.byExpiry()
        let words = line.split(separator: " ").map { Array($0.utf8) }
        #expect(try redis.connection().roundTrip(words) == redis.straight().roundTrip(words))
    }

    @Test(
        "hits go on after a transaction, a subscription and a name, under both protocol versions",
        arguments: ["2", "3"])
    func hitsGoOn(version: String) throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.awaitCommandTable()
        let connection = try redis.connection()
        _ = try connection.roundTrip("HELLO", version)
        for (index, lines) in [
            ["MULTI", "PING", "EXEC"], ["SUBSCRIBE a", "UNSUBSCRIBE a"], ["CLIENT SETNAME me"], ["RESET"],
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
