import TestSupport
import Testing

@Suite("with tracking, a server that has other data, or has another role, than before is noticed", .blocking)
struct ServerStateTests {
    @Test("a server that says BUSY still answers: the cache goes on")
    func busy() throws {
        let tracked = try TrackedRedis()
        try tracked.straight.command("CONFIG", "SET", "busy-reply-threshold", "50")
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
        let tracked = try TrackedRedis(redis: [
            "--key-load-delay", "300", "--loading-process-events-interval-bytes", "1024",
        ])
        try tracked.straight.command("DEBUG", "POPULATE", "10000")
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

    @Test("a replica that has lost its master and may not serve says so to readers of what was cached, too")
    func masterDown() throws {
        let tracked = try TrackedRedis()
        try tracked.straight.command("CONFIG", "SET", "replica-serve-stale-data", "no")
        try tracked.cache("k", "v")
        try tracked.straight.command("REPLICAOF", "127.0.0.1", "1")
        let client = try tracked.redis.client()
        try eventually(within: .seconds(5), "MASTERDOWN") { try client.command("GET", "k").isError("MASTERDOWN") }
        for _ in 0..<20 { #expect(try client.command("GET", "k").isError("MASTERDOWN")) }
        try tracked.straight.command("REPLICAOF", "NO", "ONE")
        try eventually("hits go on") { try tracked.reader.command("GET", "k") == .text("v") && tracked.isHit("k") }
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

    @Test("a push on a shared connection that no session asked for ends that connection, and hurts nobody")
    func unaskedPush() throws {
        let tracked = try TrackedRedis(["THREADS": "1"])
        let session = try tracked.redis.connection()
        _ = try session.roundTrip("HELLO", "3")
        #expect(try session.roundTrip("SET", "mine", "1") == "+OK\r\n")
        let shared = try Self.clients(of: tracked.server) { $0.hasSuffix(" resp=3") }
        #expect(!shared.isEmpty)
        let stranger = try tracked.server.client()
        for id in shared {
            // The server accepts whomever one names.
            #expect(try stranger.command("CLIENT", "TRACKING", "ON", "REDIRECT", id) == .status("OK"))
            try stranger.command("GET", "pushed")
            try tracked.straight.command("SET", "pushed", "x")
            try stranger.command("CLIENT", "TRACKING", "OFF")
        }
        try eventually("those connections are closed") {
            try Self.clients(of: tracked.server) { $0.hasSuffix(" resp=3") }.allSatisfy { !shared.contains($0) }
        }
        #expect(try session.roundTrip("GET", "mine") == "$1\r\n1\r\n")
        #expect(try session.roundTrip("INCR", "mine") == ":2\r\n")
    }

    /// The ids of the server's clients whose line is as asked.
    private static func clients(of server: RedisServer, _ isMeant: (Substring) -> Bool) throws -> [String] {
        let list = try server.command("CLIENT", "LIST").string ?? ""
        return list.split(separator: "\n").filter(isMeant).compactMap { line in
            line.split(separator: " ").first.map { String($0.dropFirst(3)) }
        }
    }
}
