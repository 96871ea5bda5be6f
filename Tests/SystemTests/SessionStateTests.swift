import TestSupport
import Testing

@Suite("a session's state passes through, and nobody is told what Redis would not have told", .blocking)
struct SessionStateTests {
    /// Conversations whose every byte must be the same through the proxy and straight.
    static let conversations: [[Exchange]] = [
        [.commands("SET k 1", "GET k", "MULTI", "SET k 2", "GET k", "INCR k", "EXEC", "GET k")],
        [.commands("MULTI"), .commands("SET k 2"), .commands("GET k"), .commands("DISCARD", "GET k")],
        [.commands("MULTI", "NOSUCH", "SET k 1", "EXEC", "GET k", "EXEC", "DISCARD", "MULTI", "MULTI", "EXEC")],
        [.commands("WATCH k", "SET k 1", "MULTI", "GET k", "EXEC", "GET k")],
        [
            .commands("WATCH k"), .commands("GET k"), .commands("UNWATCH"),
            .commands("GET k", "MULTI", "WATCH k", "EXEC"),
        ],
        [.commands("SET k zero", "SELECT 1", "GET k", "SET k one", "GET k", "SELECT 0", "GET k", "SELECT 99", "GET k")],
        [.commands("MULTI", "SELECT 1", "EXEC", "SET k one", "GET k", "SELECT 0", "GET k")],
        [.commands("MOVE k 1", "SELECT 1", "GET k", "SWAPDB 0 1", "GET k", "SELECT 0", "GET k")],
        [.commands("SUBSCRIBE a"), .commands("SUBSCRIBE b", "PING", "UNSUBSCRIBE a", "UNSUBSCRIBE b", "GET k")],
        [.commands("SUBSCRIBE a"), .commands("GET k", "SET k 1", "PUBLISH a x", "PING hello", "RESET", "GET k")],
        [.commands("PSUBSCRIBE a*", "PUNSUBSCRIBE", "GET k", "SSUBSCRIBE s", "SUNSUBSCRIBE s", "GET k")],
        [.commands("SUBSCRIBE a b c", replies: 3), .commands("UNSUBSCRIBE a b c", replies: 3), .commands("GET k")],
        [.commands("RPUSH l 1 2", "BLPOP l 1", "BRPOP l 1", "BLPOP l 0.01", "GET k", "BLMOVE l m LEFT LEFT 0.01")],
        [.commands("CLIENT REPLY OFF", "SET k off", "GET k", "CLIENT REPLY ON", "GET k", replies: 2)],
        [.commands("CLIENT REPLY SKIP", "SET k skip", "GET k", replies: 1), .commands("GET k")],
        [.commands("SET k 1", "CLIENT REPLY SKIP", "GET k", "GET k", replies: 2), .commands("GET k", "PING")],
        [.commands("CLIENT SETNAME me", "CLIENT GETNAME", "GET k", "CLIENT NO-EVICT on", "GET k", "CLIENT GETNAME")],
        [
            .commands(
                "CLIENT SETNAME me", "SELECT 3", "SET k three", "RESET", "CLIENT GETNAME", "GET k", "SELECT 3", "GET k")
        ],
        [.commands("MULTI", "SET k 1", "RESET", "EXEC", "GET k")],
        [.commands("CLIENT SETINFO LIB-NAME x", "GET k", "CLIENT NOSUCH", "GET k", "HELLO 9", "GET k")],
        [.commands("LPUSH k x", "GET k", "GET k", "DEL k", "GET k", "SADD k m", "GET k", "TYPE k")],
        [.commands("SUBSCRIBE", "MULTI x", "EXEC", "WATCH", "SELECT", "BLPOP", "QUIT now")],
        [.commands("MULTI", "BLPOP nosuch 0", "EXEC", "GET k"), .commands("WAIT 0 0", "OBJECT ENCODING k", "GET k")],
        [.commands("EVAL return{1,{2,'a'}} 0", "SCRIPT EXISTS x", "EVALSHA x 0", "GET k", "FUNCTION LIST", "GET k")],
        [.commands("MULTI", "CLIENT REPLY OFF", "SET k 1", "EXEC", "CLIENT REPLY ON", "GET k", replies: 4)],
        [.commands("MULTI", "CLIENT REPLY ON", "SET k 1", "EXEC", "GET k", "DEL k", "GET k")],
    ]

    /// `CLIENT REPLY`, where the number of replies is not that of the commands.
    static let silences: [[Exchange]] = [
        [.commands("CLIENT REPLY OFF", "RESET", "PING", replies: 2), .commands("GET k")],
        [.commands("CLIENT REPLY SKIP", "RESET", "PING", replies: 1), .commands("GET k")],
        [.commands("CLIENT REPLY SKIP", "CLIENT REPLY SKIP", "PING", "ECHO a", replies: 1)],
        [.commands("CLIENT REPLY SKIP", "CLIENT REPLY ON", "ECHO a", replies: 2)],
        [.commands("CLIENT REPLY OFF", "CLIENT REPLY SKIP", "CLIENT REPLY ON", "ECHO a", replies: 2)],
        [.commands("CLIENT REPLY SKIP", "CLIENT REPLY OFF", "ECHO b", "CLIENT REPLY ON", "ECHO a", replies: 2)],
        [.commands("CLIENT REPLY SKIP", "SUBSCRIBE a b", "PING", replies: 3), .commands("RESET", "GET k")],
        [.commands("CLIENT REPLY SKIP", "SUBSCRIBE", "PING", replies: 1)],
        [.commands("CLIENT REPLY SKIP", "NOSUCH", "CLIENT REPLY SKIP", "CLIENT REPLY WHAT", "PING", replies: 1)],
        [.commands("CLIENT REPLY OFF now", "CLIENT REPLY", "GET k", "SET k 1", "GET k")],
        [.commands("CLIENT REPLY SKIP", "HELLO 3", "HGETALL k", replies: 1), .commands("GET k")],
        [.commands("CLIENT REPLY SKIP", "MULTI", "SET k 1", "EXEC", "GET k", replies: 3)],
        [.commands("CLIENT REPLY OFF", "MULTI", "SET k 1", "EXEC", "CLIENT REPLY ON", "GET k", replies: 2)],
        [.commands("CLIENT REPLY OFF", "SELECT 3", "SET k 3", "CLIENT REPLY ON", "GET k", "SELECT 0", replies: 3)],
        [.commands("CLIENT REPLY OFF", "MULTI", "CLIENT REPLY SKIP", "PING", "EXEC", "CLIENT REPLY ON", replies: 1)],
        [.commands("MULTI", "CLIENT REPLY SKIP", "PING", "EXEC", "ECHO a", "ECHO b", replies: 4)],
        [
            .commands("CLIENT REPLY OFF", "SUBSCRIBE a b", replies: 2),
            .commands("PING", "UNSUBSCRIBE b", "UNSUBSCRIBE a", "CLIENT REPLY ON", "GET k", replies: 4),
        ],
        [.commands("CLIENT REPLY OFF", "BLPOP k 0.01", "RPUSH k x", "BLPOP k 1", "CLIENT REPLY ON", replies: 1)],
    ]

    private static func isKnown(_ exchanges: [Exchange]) -> Bool {
        ServerProgram.current.confirmsSilentSubscriptions
            || !exchanges.map(\.description).joined().contains("SUBSCRIBE")
    }

    @Test(
        "the same bytes as from a straight server, once filled and once cached",
        arguments: Self.conversations + Self.silences.filter(Self.isKnown))
    func sameBytes(exchanges: [Exchange]) throws {
        let redis = try ProxiedRedis.byExpiry()
        let model = try RedisServer()
        for round in 0..<2 {
            let expected = try transcript(of: exchanges, on: RawConnection(port: model.port))
            try #require(!expected.joined().contains("waited for"), "the test expects too many replies: \(expected)")
            let received = try transcript(of: exchanges, on: redis.connection())
            for (line, other) in zip(received, expected) { #expect(line == other, "round \(round)") }
            #expect(received.count == expected.count)
        }
    }

    @Test(
        "who imports data is not answered from the cache: it is shown keys that have expired",
        .enabled(if: ServerProgram.current.family == .valkey, "only Valkey has an import mode"))
    func importSource() throws {
        let redis = try ProxiedRedis()
        try redis.server.command("CONFIG", "SET", "import-mode", "yes")
        try redis.server.command("SET", "k", "v", "PX", "1")
        try eventually("it has expired") { try redis.client().command("GET", "k") == .null }
        let connection = try redis.connection()
        #expect(try connection.roundTrip("CLIENT", "IMPORT-SOURCE", "ON") == "+OK\r\n")
        #expect(try connection.roundTrip("GET", "k") == "$1\r\nv\r\n")
    }

    @Test(
        "a session in these states is not answered from the cache",
        arguments: [
            ["WATCH other"], ["SELECT 0", "WATCH k"], ["CLIENT TRACKING on"], ["HELLO 3", "CLIENT TRACKING ON"],
            ["MULTI", "EXEC", "WATCH k"],
        ])
    func readsAreFresh(commands: [String]) throws {
        let redis = try ProxiedRedis.byExpiry()
        let connection = try redis.connection()
        for command in commands {
            try connection.send(command + "\r\n")
            #expect(try connection.receiveReply().first != UInt8(ascii: "-"), "\(command)")
        }
        try redis.cache("k", "old", behind: "new")
        #expect(try connection.roundTrip("GET", "k") == "$3\r\nnew\r\n")
        #expect(try connection.roundTrip("GET", "k") == "$3\r\nnew\r\n")
    }

    @Test(
        "a session that is pinned, named or back from a state is answered from the cache",
        arguments: [
            ["HELLO 3"], ["CLIENT SETNAME me"], ["CLIENT NO-EVICT on"], ["SELECT 1", "SELECT 0"], ["PING"],
            ["WATCH other", "UNWATCH"], ["MULTI", "DISCARD"], ["WATCH k", "MULTI", "EXEC"],
            ["SUBSCRIBE a", "UNSUBSCRIBE a"],
            ["HELLO 3", "SUBSCRIBE a", "PING"], ["SELECT 1", "RESET"], ["BLPOP nosuch 0.01"], ["GET nosuch"],
            ["SELECT 77"],
            ["CLIENT TRACKING on", "CLIENT TRACKING off"], ["SUBSCRIBE a", "RESET"],
            ["CLIENT REPLY OFF\r\nPING\r\nCLIENT REPLY ON"], ["CLIENT REPLY SKIP\r\nSET other x\r\nPING"],
            ["CLIENT REPLY OFF\r\nRESET"],
        ])
    func readsAreHits(commands: [String]) throws {
        let redis = try ProxiedRedis.byExpiry()
        let connection = try redis.connection()
        for command in commands {
            try connection.send(command + "\r\n")
            _ = try connection.receiveReply()
        }
        try redis.cache("k", "old", behind: "new")
        #expect(try connection.roundTrip("GET", "k") == "$3\r\nold\r\n")
    }

    @Test("a GET inside MULTI reads what EXEC finds, not the cache")
    func transactionReads() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.cache("k", "old", behind: "new")
        let connection = try redis.connection()
        try connection.send("MULTI\r\nGET k\r\nEXEC\r\n")
        #expect(try connection.receiveReplies(3) == "+OK\r\n+QUEUED\r\n*1\r\n$3\r\nnew\r\n")
    }

    @Test("optimistic locking with WATCH never loses an update")
    func optimisticLocking() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("n", "0")
        try inParallel(8) { _ in
            let client = try redis.client()
            var done = 0
            while done < 25 {
                try client.command("WATCH", "n")
                guard let value = try client.command("GET", "n").string.flatMap({ Int($0) }) else {
                    throw TestSupportError("no number")
                }
                try client.command("MULTI")
                try client.command("SET", "n", "\(value + 1)")
                if try client.command("EXEC") != .null { done += 1 }
            }
        }
        #expect(try redis.server.command("GET", "n") == .text("200"))
        #expect(try redis.client().command("GET", "n") == .text("200"))
    }

    @Test("messages reach subscribers of both protocol versions", arguments: [2, 3])
    func publishSubscribe(version: Int) throws {
        let redis = try ProxiedRedis.byExpiry()
        let subscriber = try redis.connection()
        _ = try subscriber.roundTrip("HELLO", "\(version)")
        let mark = version == 2 ? "*" : ">"
        #expect(try subscriber.roundTrip("SUBSCRIBE", "news") == "\(mark)3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
        let publisher = try redis.client()
        for round in 0..<50 {
            #expect(try publisher.command("PUBLISH", "news", "m\(round)") == .integer(1))
            let text = "\(mark)3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$\("m\(round)".utf8.count)\r\nm\(round)\r\n"
            try #require(try subscriber.receiveReply() == Array(text.utf8))
        }
        if version == 3 {
            try redis.cache("k", "old", behind: "new")
            // Until it says something else it may be there to listen only.
            #expect(try subscriber.roundTrip("PING") == "+PONG\r\n")
            #expect(try subscriber.roundTrip("GET", "k") == "$3\r\nold\r\n", "a subscriber may read under RESP3")
            #expect(try publisher.command("PUBLISH", "news", "last") == .integer(1))
            #expect(try subscriber.receiveReply().first == UInt8(ascii: ">"))
        }
    }

    @Test("a blocked pop waits, is served by another client, and what is pipelined behind it follows")
    func blockingPop() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.cache("k", "old", behind: "new")
        let blocked = try redis.connection()
        try blocked.send("BLPOP q 0\r\nGET k\r\nPING\r\n")
        try eventually("it blocks") { try redis.server.info("blocked_clients") == "1" }
        #expect(try blocked.staysSilent(for: .milliseconds(100)), "the hit does not overtake it")
        #expect(try redis.client().command("RPUSH", "q", "x") == .integer(1))
        #expect(try blocked.receiveReply() == Array("*2\r\n$1\r\nq\r\n$1\r\nx\r\n".utf8))
        let value = String(decoding: try blocked.receiveReply(), as: UTF8.self)
        #expect(value == "$3\r\nnew\r\n" || value == "$3\r\nold\r\n")
        #expect(try blocked.receiveReply() == Array("+PONG\r\n".utf8))
    }

    @Test("MONITOR streams, and RESET ends it")
    func monitor() throws {
        let redis = try ProxiedRedis.byExpiry()
        let watcher = try redis.connection()
        #expect(try watcher.roundTrip("MONITOR") == "+OK\r\n")
        for index in 0..<20 { try redis.server.command("SET", "seen\(index)", "x") }
        for index in 0..<20 {
            var line = ""
            while !line.contains("\"SET\" \"seen\(index)\"") {
                line = String(decoding: try watcher.receiveReply(), as: UTF8.self)
                try #require(line.hasPrefix("+"))
            }
        }
        try watcher.send("RESET\r\n")
        while try watcher.receiveReply() != Array("+RESET\r\n".utf8) {}
        try redis.cache("k", "old", behind: "new")
        #expect(try watcher.roundTrip("GET", "k") == "$3\r\nold\r\n")
    }

    @Test("its own CLIENT TRACKING tells a client of changes to what it read")
    func ownTracking() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.cache("k", "old", behind: "new")
        let connection = try redis.connection()
        _ = try connection.roundTrip("HELLO", "3")
        #expect(try connection.roundTrip("CLIENT", "TRACKING", "ON") == "+OK\r\n")
        #expect(try connection.roundTrip("GET", "k") == "$3\r\nnew\r\n")
        try redis.setBehind("k", "newer")
        #expect(try connection.receiveReply() == Array(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n".utf8))
        #expect(try connection.roundTrip("GET", "k") == "$5\r\nnewer\r\n")
    }

    @Test("QUIT is answered and closes, and nothing behind it runs")
    func quit() throws {
        let redis = try ProxiedRedis.byExpiry()
        let connection = try redis.connection()
        try connection.send("SET k 1\r\nQUIT\r\nSET k 2\r\n")
        #expect(try connection.receiveToEnd().bytes == Array("+OK\r\n+OK\r\n".utf8))
        #expect(try redis.server.command("GET", "k") == .text("1"))
    }
}
