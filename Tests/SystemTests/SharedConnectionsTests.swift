import TestSupport
import Testing

@Suite("sessions share connections to the backing", .blocking)
struct SharedConnectionsTests {
    /// Clients of the server that are not the proxy's own lanes nor the one that asks.
    private func connections(_ redis: ProxiedRedis) throws -> Int {
        (try redis.server.info("connected_clients").flatMap { Int($0) } ?? 0) - 1
    }

    @Test("a thousand idle clients and fifty busy ones without state cost a few connections")
    func manyClients() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.awaitSharing()
        let clients = try (0..<1_000).map { _ in try redis.connection() }
        for (index, client) in clients.enumerated() {
            #expect(try client.roundTrip("SET", "k\(index)", "v") == "+OK\r\n")
        }
        try inParallel(50) { index in
            for round in 0..<200 {
                let reply = try clients[index].roundTrip("INCR", "n\(index)")
                guard reply == ":\(round + 1)\r\n" else { throw TestSupportError(reply) }
            }
        }
        let connections = try connections(redis)
        #expect(connections <= 24)
        print("a thousand idle clients and fifty busy ones: \(connections) connections to Redis")
    }

    @Test(
        "when a session's state ends it gives its connection back",
        arguments: [
            [["MULTI"], ["SET", "k", "v"], ["EXEC"]], [["WATCH", "k"], ["UNWATCH"]],
            [["SELECT", "1"], ["SELECT", "0"]], [["SUBSCRIBE", "c"], ["UNSUBSCRIBE", "c"]], [["HELLO", "3"]],
            [["EVAL", "return 1", "0"]], [["BLPOP", "nosuch", "0.01"]], [["CLIENT", "SETNAME", "x"], ["RESET"]],
        ])
    func stateEnds(commands: [[String]]) throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.awaitSharing()
        let clients = try (0..<40).map { _ in try redis.connection() }
        for client in clients {
            for words in commands { _ = try client.roundTrip(words.map { Array($0.utf8) }) }
        }
        try eventually("the connections are given back") { try connections(redis) <= 24 }
        for client in clients { #expect(try client.roundTrip("SET", "k", "v") == "+OK\r\n") }
        #expect(try connections(redis) <= 24)
    }

    @Test("a session that set a name keeps its connection; one that asked for its id keeps the id")
    func pinned() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.awaitSharing()
        let named = try redis.connection()
        #expect(try named.roundTrip("CLIENT", "SETNAME", "me") == "+OK\r\n")
        let identified = try redis.connection()
        let id = try identified.roundTrip("CLIENT", "ID")
        for _ in 0..<3 {
            #expect(try named.roundTrip("SET", "k", "v") == "+OK\r\n")
            #expect(try named.roundTrip("CLIENT", "GETNAME") == "$2\r\nme\r\n")
            #expect(try identified.roundTrip("SET", "k", "v") == "+OK\r\n")
            #expect(try identified.roundTrip("CLIENT", "ID") == id)
        }
        #expect(try redis.connection().roundTrip("CLIENT", "GETNAME") == "$-1\r\n", "nobody else is called so")
    }

    @Test("clients that come and go often cost few more connections than they would straight")
    func comingAndGoing() throws {
        let redis = try ProxiedRedis.byExpiry(["THREADS": "1"])
        try redis.awaitSharing()
        let crowd = 4
        let coming = BackgroundWork {
            try inParallel(crowd) { _ in
                for _ in 0..<200 {
                    let client = try redis.connection()
                    _ = try client.roundTrip("HELLO", "3")
                    for words in [["SET", "k", "v"], ["MULTI"], ["GET", "k"], ["EXEC"]] {
                        _ = try client.roundTrip(words.map { Array($0.utf8) })
                    }
                    client.close()
                }
            }
        }
        var most = 0
        while !coming.isFinished { most = max(most, try connections(redis)) }
        try coming.wait()
        print("\(crowd) clients that come and go: \(most) connections to Redis at most")
        #expect(most <= 20)
    }

    @Test("an increment behind a set of the same session comes after it, whatever else is going on")
    func order() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.awaitSharing()
        try inParallel(20) { index in
            let client = try redis.connection()
            for round in 0..<100 {
                try client.send("SET n\(index) \(round)\r\nINCR n\(index)\r\nEVAL 'return 1' 0\r\nINCR n\(index)\r\n")
                let replies = try client.receiveReplies(4)
                guard replies == "+OK\r\n:\(round + 1)\r\n:1\r\n:\(round + 2)\r\n" else {
                    throw TestSupportError(replies)
                }
            }
        }
    }

    @Test("a lost shared connection is told to those who waited on it, and to nobody else")
    func lost() throws {
        let redis = try ProxiedRedis.byExpiry(["THREADS": "1"])
        try redis.awaitSharing()
        let waiting = try redis.connection()
        let idle = try redis.connection()
        #expect(try waiting.roundTrip("SET", "k", "v") == "+OK\r\n")
        #expect(try idle.roundTrip("SET", "k", "v") == "+OK\r\n")
        let straight = try redis.straight()
        _ = try straight.roundTrip("CLIENT", "PAUSE", "20000", "WRITE")
        try waiting.send("INCR n\r\nINCR n\r\n")
        try eventually("the write is held") { try redis.server.info("blocked_clients") != "0" }
        _ = try straight.roundTrip("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        let replies = try waiting.receiveReplies(2)
        #expect(replies.hasPrefix("-ERR redis-proxy: the connection to the backing Redis was lost before the reply"))
        _ = try straight.roundTrip("CLIENT", "UNPAUSE")
        try eventually("it goes on") { try waiting.roundTrip("SET", "k", "v") == "+OK\r\n" }
        #expect(try idle.roundTrip("SET", "k", "v") == "+OK\r\n")
    }

    @Test("a shared connection that is stuck takes no new commands")
    func stuck() throws {
        let redis = try ProxiedRedis.byExpiry(["THREADS": "1"])
        try redis.awaitSharing()
        let writer = try redis.connection()
        let straight = try redis.straight()
        _ = try straight.roundTrip("CLIENT", "PAUSE", "20000", "WRITE")
        try writer.sendCommand("SET", "k", "v")
        try eventually("the write is held") { try redis.server.info("blocked_clients") != "0" }
        pause(.milliseconds(100))
        #expect(try redis.connection().roundTrip("EXISTS", "k") == ":0\r\n", "while the write still waits")
        _ = try straight.roundTrip("CLIENT", "UNPAUSE")
        #expect(try writer.receiveReply() == Array("+OK\r\n".utf8))
    }

    @Test("WAIT counts from a command of its own connection")
    func wait() throws {
        let redis = try ProxiedRedis.byExpiry()
        let replica = try RedisServer(arguments: ["--replicaof", "127.0.0.1", "\(redis.server.port)"])
        try redis.awaitSharing()
        try eventually("the replica is in step") { try redis.server.command("WAIT", "1", "100") == .integer(1) }
        let client = try redis.connection()
        for round in 0..<20 {
            #expect(try client.roundTrip("SET", "k", "\(round)") == "+OK\r\n")
            #expect(try client.roundTrip("WAIT", "1", "10000") == ":1\r\n")
            #expect(try replica.command("GET", "k") == .text("\(round)"))
        }
        try replica.freeze()
        defer { replica.thaw() }
        #expect(try client.roundTrip("SET", "k", "not heard of") == "+OK\r\n")
        #expect(try client.roundTrip("WAIT", "1", "200") == ":0\r\n")
    }

    @Test("a slow reader of large replies holds up nobody, and is closed where it lets too much pile up")
    func slowReader() throws {
        let redis = try ProxiedRedis.byExpiry(["THREADS": "1"])
        try redis.awaitSharing()
        try redis.server.command("SETRANGE", "large", "\(8 << 20)", "x")
        let other = try redis.connection()
        // Which of the two is sent first is chance, and nobody waits behind one who comes later.
        try eventually(within: .seconds(120), "one is closed that somebody waited behind") {
            let slow = try redis.proxy.connection(receiveBuffer: 4_096)
            for client in [slow, other] {
                // What a client says first is not shared.
                #expect(try client.roundTrip("SET", "k", "v") == "+OK\r\n")
            }
            // At once: behind the first large reply the session would not share.
            try slow.send(Array(repeatElement(encodeCommand("GETRANGE", "large", "0", "-1"), count: 20).joined()))
            let reply = try other.roundTrip("SET", "k", "v")
            guard reply == "+OK\r\n" else { throw TestSupportError(reply) }
            return redis.proxy.log.contains("a client that does not take its replies is closed")
        }
        #expect(redis.proxy.residentMemory < 256 << 20)
    }
}
