import TestSupport
import Testing

@Suite("with tracking, a server that has other data, or has another role, than before is noticed", .blocking)
struct ServerStateTests {
    @Test("a server that says BUSY still answers: the cache goes on")
    func busy() throws {
        let tracked = try TrackedRedis()
        try tracked.straight.command("CONFIG", "SET", "lua-time-limit", "50")
        try tracked.cache("k", "v")
        let script = BackgroundWork { [server = tracked.server] in
            _ = try server.command("EVAL", "while true do end", "0")
        }
        let client = try tracked.redis.connection()
        let started = ContinuousClock.now
        while ContinuousClock.now - started < .seconds(5) {
            try client.sendCommand("GET", "k")
            try #require(try client.receiveReply() == Array("$1\r\nv\r\n".utf8))
            pause(.milliseconds(50))
        }
        try tracked.straight.command("SCRIPT", "KILL")
        try script.wait()
    }

    @Test("a server that says LOADING is heard: nothing of before is served")
    func loading() throws {
        // Before Redis 7.0 it listens after 2 MB of the file only.
        let interval =
            ServerProgram.current.isSince(redis: [7, 0]) ? ["--loading-process-events-interval-bytes", "1024"] : []
        let tracked = try TrackedRedis(redis: ["--key-load-delay", "300", "--rdbcompression", "no"] + interval)
        try tracked.straight.command("DEBUG", "POPULATE", "10000", "key", "1000")
        try tracked.straight.command("SET", "k", "saved")
        try tracked.straight.command("SAVE")
        try tracked.cache("k", "changed")
        let client = try tracked.redis.client()
        let reload = BackgroundWork { [server = tracked.server] in
            _ = try server.command("DEBUG", "RELOAD", "NOSAVE")
        }
        try eventually("it is loading") {
            let reply = try client.command("GET", "k")
            return reply.isError("LOADING")
        }
        while !reload.isFinished {
            #expect(try client.command("GET", "k") != .text("changed"))
            pause(.milliseconds(20))
        }
        try reload.wait()
        try tracked.expectSoon("k", .text("saved"))
        try tracked.cache("k")
    }

    @Test("a replica that loses its master and then may not serve says so to readers of what was cached, too")
    func masterDown() throws {
        let master = try RedisServer()
        let tracked = try TrackedRedis()
        try master.command("SET", "k", "of the master")
        try tracked.straight.command("CONFIG", "SET", "replica-serve-stale-data", "no")
        try tracked.straight.command("REPLICAOF", "127.0.0.1", "\(master.port)")
        try eventually("it has the data of its master") {
            try tracked.reader.command("GET", "k") == .text("of the master") && tracked.isHit("k")
        }
        try master.kill()
        let client = try tracked.redis.client()
        try eventually("MASTERDOWN") { try client.command("GET", "k").isError("MASTERDOWN") }
        for _ in 0..<20 { #expect(try client.command("GET", "k").isError("MASTERDOWN")) }
        try tracked.straight.command("REPLICAOF", "NO", "ONE")
        try eventually("hits go on") {
            try tracked.reader.command("GET", "k") == .text("of the master") && tracked.isHit("k")
        }
    }

    @Test("a failover: what was read of the server in its old role is read anew")
    func promoted() throws {
        let master = try RedisServer()
        let tracked = try TrackedRedis()
        try master.command("SET", "k", "of the master")
        try tracked.straight.command("SET", "k", "own")
        try tracked.cache("k")
        try tracked.straight.command("REPLICAOF", "127.0.0.1", "\(master.port)")
        try eventually("it has the data of its master") {
            try tracked.reader.command("GET", "k") == .text("of the master")
        }
        try tracked.cache("k")
        let before = try tracked.fetches
        try tracked.straight.command("REPLICAOF", "NO", "ONE")
        try eventually(within: .seconds(5), "it is asked anew") {
            #expect(try tracked.reader.command("GET", "k") == .text("of the master"))
            return try tracked.fetches > before
        }
        try master.command("SET", "k", "no concern of ours")
        try tracked.cache("k")
        #expect(try tracked.reader.command("GET", "k") == .text("of the master"))
    }

    @Test("another server at the same address, which knows nothing of what was tracked")
    func replaced() throws {
        let tracked = try TrackedRedis()
        try tracked.cache("k", "old")
        try tracked.server.restart()
        try tracked.server.command("SET", "k", "new")
        let client = try tracked.redis.client()
        try eventually("it is back") {
            let reply = try client.command("GET", "k")
            #expect(reply != .text("old"))
            return reply == .text("new")
        }
    }

    @Test("a push on a shared connection is for nobody: it is dropped, said in the log, and costs no reply")
    func unaskedPush() throws {
        let tracked = try TrackedRedis(["THREADS": "1"])
        let session = try self.session(tracked)
        #expect(try session.roundTrip("SETRANGE", "mine", "0", "1") == ":1\r\n")
        let shared = try Self.clients(of: tracked.server) { $0.contains(" cmd=setrange ") }
        try #require(shared.count == 1)
        let pushing = BackgroundWork { [server = tracked.server] in
            // The server accepts whomever one names.
            let stranger = try server.client()
            try stranger.command("CLIENT", "TRACKING", "ON", "REDIRECT", shared[0])
            for _ in 0..<1_000 {
                try stranger.command("GET", "pushed")
                try server.command("SET", "pushed", "x")
            }
        }
        var count = 0
        while !pushing.isFinished {
            try session.send((0..<100).flatMap { _ in encodeCommand("INCR", "n") })
            for _ in 0..<100 {
                count += 1
                try #require(try session.receiveReply() == Array(":\(count)\r\n".utf8))
            }
        }
        try pushing.wait()
        #expect(try Self.clients(of: tracked.server) { $0.hasPrefix("id=\(shared[0]) ") } == shared, "it still stands")
        try eventually("it says so") {
            tracked.redis.proxy.log.contains("has pushed something on a connection that sessions share")
        }
    }

    /// One that speaks RESP3 and shares its connection.
    private func session(_ tracked: TrackedRedis) throws -> RawConnection {
        let session = try tracked.redis.connection()
        _ = try session.roundTrip("HELLO", "3")
        _ = try session.roundTrip("SET", "mine", "1")
        return session
    }

    /// The ids of the server's clients whose line is as asked.
    private static func clients(of server: RedisServer, _ isMeant: (Substring) -> Bool) throws -> [String] {
        let list = try server.command("CLIENT", "LIST").string ?? ""
        return list.split(separator: "\n").filter(isMeant).compactMap { line in
            line.split(separator: " ").first.map { String($0.dropFirst(3)) }
        }
    }
}
