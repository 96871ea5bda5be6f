import TestSupport
import Testing

@Suite("clients that close behind what they sent", .blocking)
struct ClosingClientsTests {
    @Test(
        "writes without replies keep old values out of the cache until the server has done them, also when the client is gone"
    )
    func repliesOff() throws {
        let redis = try ProxiedRedis.byExpiry()
        for round in 0..<10 {
            try redis.setBehind("k", "old \(round)")
            try redis.server.freeze()
            let writer = try redis.connection()
            try writer.sendCommand("CLIENT", "REPLY", "OFF")
            try writer.sendCommand("SET", "k", "new \(round)")
            writer.close()
            let reader = try redis.connection()
            try reader.sendCommand("GET", "k")
            redis.server.thaw()
            _ = try reader.receiveReply()
            try eventually("the write is done") { try redis.server.command("GET", "k") == .text("new \(round)") }
            #expect(try reader.roundTrip("GET", "k").hasSuffix("new \(round)\r\n"))
        }
    }

    @Test("a subscriber that ends its side gets the replies to all that it sent", arguments: ["2", "3"])
    func subscriber(version: String) throws {
        let redis = try ProxiedRedis.byExpiry()
        let connection = try redis.connection()
        _ = try connection.roundTrip("HELLO", version)
        try connection.sendCommand("SUBSCRIBE", "c")
        if version == "3" { try connection.sendCommand("SET", "k", "v") }
        try connection.sendCommand("PING", "last")
        connection.finishSending()
        let answer = String(decoding: try connection.receiveToEnd().bytes, as: UTF8.self)
        #expect(answer.contains("subscribe"))
        #expect(answer.contains("last"))
        if version == "3" {
            #expect(answer.contains("+OK\r\n"))
            #expect(try redis.server.command("GET", "k") == .text("v"))
        }
    }

    @Test("a blocking command that has its answer delivers it before the end; one that waits is withdrawn")
    func blocking() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.server.command("RPUSH", "q", "first")
        let served = try redis.connection()
        try served.sendCommand("BLPOP", "q", "0")
        served.finishSending()
        let answer = String(decoding: try served.receiveToEnd().bytes, as: UTF8.self)
        #expect(answer == "*2\r\n$1\r\nq\r\n$5\r\nfirst\r\n")
        let waiting = try redis.connection()
        try waiting.sendCommand("BLPOP", "q", "0")
        try eventually("it blocks") { try redis.server.info("blocked_clients") == "1" }
        waiting.finishSending()
        #expect(try waiting.receiveToEnd().bytes.isEmpty)
        #expect(try redis.server.info("blocked_clients") == "0")
    }

    @Test("whoever logs in at a server whose password the proxy does not have is served under his own rights")
    func foreignLogin() throws {
        let server = try RedisServer(password: "secret")
        try server.command("SET", "k", "v")
        let proxy = try ProxyProcess(fronting: server)
        let connection = try proxy.connection()
        #expect(try connection.roundTrip("GET", "k").hasPrefix("-NOAUTH"))
        #expect(try connection.roundTrip("AUTH", "secret") == "+OK\r\n")
        try eventually("the proxy knows") { try connection.roundTrip("GET", "k") == "$1\r\nv\r\n" }
    }

    @Test("WAIT does not end caching for a session")
    func wait() throws {
        let redis = try ProxiedRedis.byExpiry()
        let connection = try redis.connection()
        #expect(try connection.roundTrip("WAIT", "0", "1") == ":0\r\n")
        try redis.cache("k", "old", behind: "new")
        #expect(try connection.roundTrip("GET", "k") == "$3\r\nold\r\n")
    }
}
