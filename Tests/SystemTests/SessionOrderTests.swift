import Foundation
import TestSupport
import Testing

@Suite("nothing lands where it does not belong", .blocking)
struct SessionOrderTests {
    @Test("a hit waits until a push that has begun has been passed on whole")
    func hitBesidePush() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.cache("k", "old", behind: "new")
        let connection = try redis.connection()
        _ = try connection.roundTrip("HELLO", "3")
        _ = try connection.roundTrip("SUBSCRIBE", "c")
        _ = try connection.roundTrip("PING")
        let message = String(repeating: "m", count: 3 << 20)
        let publisher = BackgroundWork {
            for _ in 0..<5 { try redis.server.command("PUBLISH", "c", message) }
        }
        var messages = 0
        var hits = 0
        while messages < 5 {
            try connection.sendCommand("GET", "k")
            while true {
                let reply = try connection.receiveReply()
                if reply == Array("$3\r\nold\r\n".utf8) { break }
                try #require(reply.starts(with: Array(">3\r\n$7\r\nmessage\r\n".utf8)))
                try #require(reply.count > message.utf8.count && reply.suffix(6) == Array("mmmm\r\n".utf8))
                messages += 1
            }
            hits += 1
        }
        try publisher.wait()
        #expect(hits > 0)
    }

    @Test("a log-in so long that it is streamed is a log-in all the same")
    func streamedLogin() throws {
        let redis = try ProxiedRedis.byExpiry()
        let password = String(repeating: "p", count: 140_000)
        try redis.server.command("ACL", "SETUSER", "bob", "on", ">\(password)", "~*", "+@all", "-get")
        try redis.cache("k", "secret", behind: "secret")
        let connection = try redis.connection()
        #expect(try connection.roundTrip("AUTH", "bob", password) == "+OK\r\n")
        #expect(try connection.roundTrip("GET", "k").hasPrefix("-NOPERM"))
    }

    @Test("a HELLO that fails over an option, but has logged in before, is not answered as the old user")
    func halfwayLogin() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.server.command("ACL", "SETUSER", "bob", "on", ">pw", "~*", "+@all", "-get")
        try redis.cache("k", "secret", behind: "secret")
        let connection = try redis.connection()
        #expect(try connection.roundTrip("HELLO", "3", "AUTH", "bob", "pw", "NONSENSE").hasPrefix("-ERR"))
        // Redis 8 and Valkey look at the options first.
        let straight = try redis.straight()
        _ = try straight.roundTrip("HELLO", "3", "AUTH", "bob", "pw", "NONSENSE")
        let isBob = try straight.roundTrip("GET", "k").hasPrefix("-NOPERM")
        #expect(isBob || ServerProgram.current.isSince(redis: [7, 4]))
        #expect(try connection.roundTrip("GET", "k").hasPrefix("-NOPERM") == isBob)
    }

    @Test("what came before POST is done")
    func beforePost() throws {
        let redis = try ProxiedRedis.byExpiry()
        let connection = try redis.connection()
        try connection.send("SET a 1\r\nSET b 2\r\nPOST /\r\n")
        _ = try connection.receiveToEnd()
        try eventually("it is done") { try redis.server.command("GET", "b") == .text("2") }
    }

    @Test("a write after a refused PSYNC drops what was cached")
    func refusedSynchronization() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.cache("k", "old", behind: "old")
        let connection = try redis.connection()
        #expect(try connection.roundTrip("PSYNC").hasPrefix("-ERR"))
        #expect(try connection.roundTrip("SET", "k", "new") == "+OK\r\n")
        #expect(try redis.client().command("GET", "k") == .text("new"))
    }

    @Test("a pipeline that is sent whole before any of it is read goes through, RESET and large values in it too")
    func sentBeforeRead() throws {
        let redis = try ProxiedRedis.byExpiry(["CACHE_MAX_VALUE_SIZE": "1MiB"])
        try redis.server.command("SETRANGE", "large", "\(9 << 20)", "x")
        try redis.server.command("SETRANGE", "other", "\(9 << 20)", "x")
        try redis.setBehind("small", String(repeating: "s", count: 1_000))
        let connection = try redis.connection()
        var bytes: [UInt8] = []
        func add(_ words: String...) { bytes += encodeCommand(words.map { Array($0.utf8) }) }
        for _ in 0..<2 {
            add("GET", "large")
            add("GET", "other")
            add("GET", "small")
            for _ in 0..<5_000 { add("GETRANGE", "small", "0", "-1") }
            add("RESET")
            for _ in 0..<50_000 { add("SET", "k", "v") }
        }
        try connection.send(bytes)
        for _ in 0..<2 {
            #expect(try connection.receiveReply().count > 9 << 20)
            #expect(try connection.receiveReply().count > 9 << 20)
            for _ in 0..<5_001 { try #require(try connection.receiveReply().count == 1_009) }
            #expect(try connection.receiveReply() == Array("+RESET\r\n".utf8))
            for _ in 0..<50_000 { try #require(try connection.receiveReply() == Array("+OK\r\n".utf8)) }
        }
    }

    /// Until the server waits for whoever comes first.
    ///
    /// A connection that it has just served is first in its next round, whoever else has sent something before: epoll keeps it in the list of those
    /// that are ready until it looks again. That is the shared one here, and a server that is held up right behind its reply has yet to look.
    private func awaitRest(of server: RedisServer) throws { try server.command("PING") }

    @Test(
        "with one event loop, a pop that blocks is served before another client takes what was pushed behind it",
        .enabled(if: !ServerProgram.current.hasIOThreads, "threads for input take up clients in any order"))
    func orderOfPops() throws {
        let redis = try ProxiedRedis.byExpiry(["THREADS": "1"])
        try redis.awaitSharing()
        let (blocked, other) = (try redis.connection(), try redis.connection())
        for _ in 0..<25 {
            for client in [other, blocked] { #expect(try client.roundTrip("PING") == "+PONG\r\n") }
            try self.awaitRest(of: redis.server)
            // Both are there when it looks.
            try redis.proxy.process.freeze()
            try blocked.sendCommand("BLPOP", "q", "0")
            try other.send("LPUSH q x\r\nLPOP q\r\n")
            redis.proxy.process.signal(SIGCONT)
            #expect(try other.receiveReplies(2) == ":1\r\n$-1\r\n", "BLPOP was done after LPUSH")
            #expect(try blocked.receiveReplies(1) == "*2\r\n$1\r\nq\r\n$1\r\nx\r\n")
        }
    }

    @Test(
        "with one event loop, commands of two clients that wait for no reply are done in the order in which they came",
        .enabled(
            if: ServerProgram.current.isSince(redis: [7, 0]) && !ServerProgram.current.isSince(redis: [7, 2]),
            "only of Redis 7.0 does the reply tell the order")
    )
    func orderOfClients() throws {
        let redis = try ProxiedRedis.byExpiry(["THREADS": "1"])
        try redis.awaitSharing()
        let (blocked, other) = (try redis.connection(), try redis.connection())
        for _ in 0..<25 {
            #expect(try other.roundTrip("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM") == "+OK\r\n")
            #expect(try blocked.roundTrip("PING") == "+PONG\r\n")
            try self.awaitRest(of: redis.server)
            // Both are there when it looks.
            try redis.proxy.process.freeze()
            try blocked.sendCommand("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">")
            try other.sendCommand("DEL", "s")
            redis.proxy.process.signal(SIGCONT)
            #expect(try other.receiveReply() == Array(":1\r\n".utf8))
            #expect(try blocked.receiveReply().starts(with: "-UNBLOCKED".utf8), "XREADGROUP was done after DEL")
        }
    }

    @Test("that the backing was away is told once, and not again when it is back")
    func outageToldOnce() throws {
        let redis = try ProxiedRedis.byExpiry(["THREADS": "1"])
        let connection = try redis.connection()
        try redis.server.kill()
        try eventually("it is noticed") { try connection.roundTrip("SET", "k", "v").hasPrefix("-ERR redis-proxy") }
        try redis.server.restart()
        let other = try redis.connection()
        try eventually("it is back") { try other.roundTrip("PING") == "+PONG\r\n" }
        #expect(try connection.roundTrip("SET", "k", "v") == "+OK\r\n")
    }
}
