import TestSupport
import Testing

/// With `CACHE_TRACKING=broadcast` the server announces at one point of each turn of its event loop, and not while it runs a script.
@Suite("by broadcast, a reply may leave the server before what was announced for its command", .blocking)
struct BroadcastOrderTests {
    private static let write = "redis.call('SET', 'k', ARGV[1]) return 1"

    @Test("while a long script runs nothing is announced: what was written before it is not forgotten")
    func busy() throws {
        let tracked = try TrackedRedis(["CACHE_TRACKING": "broadcast"])
        try tracked.straight.command("CONFIG", "SET", "lua-time-limit", "50")
        for round in 0..<3 {
            try tracked.cache("k", "old \(round)")
            let writer = try tracked.redis.connection()
            _ = try writer.roundTrip("EVAL", "return 1", "0")
            let sleeper = try RawConnection(port: tracked.server.port)
            let slow = try RawConnection(port: tracked.server.port)
            _ = try slow.roundTrip("PING")
            // Both the write and the script are there when the server wakes up, so it does them in one turn.
            try sleeper.sendCommand("DEBUG", "SLEEP", "0.5")
            pause(.milliseconds(100))
            try writer.sendCommand("EVAL", Self.write, "0", "new \(round)")
            pause(.milliseconds(150))
            try slow.sendCommand("EVAL", "while true do end", "0")
            // The write is answered while the script runs, or its reply is held until the script has ended.
            let isAnswered = try !writer.staysSilent(for: .milliseconds(1_500))
            if isAnswered {
                #expect(try tracked.redis.client().command("GET", "k") != .text("old \(round)"))
            }
            try eventually("the script has begun, and is ended") {
                try tracked.server.command("SCRIPT", "KILL") == .status("OK")
            }
            _ = try slow.receiveReply()
            let reply = String(decoding: try writer.receiveReply(), as: UTF8.self)
            // Threads for input may have taken up the long script first.
            if ServerProgram.current.hasIOThreads, reply.hasPrefix("-BUSY ") { continue }
            #expect(reply == ":1\r\n")
            try tracked.expectSoon("k", .text("new \(round)"))
        }
    }

    /// On a server whose I/O threads send replies at once: Redis 8 and Valkey 8 with `--io-threads 4`. Elsewhere nothing can go wrong here.
    @Test(
        "with I/O threads a PONG may precede an earlier announcement: who has the reply to a script's write reads nothing older"
    )
    func ioThreads() throws {
        let tracked = try TrackedRedis(
            ["CACHE_TRACKING": "broadcast"], redis: ["--io-threads", "4"],
            relayed: .splitBehindPong(.milliseconds(3)))
        let hasEnded = Flag()
        let others = (0..<4).map { _ in
            BackgroundWork { [server = tracked.server] in
                let client = try server.client()
                while !hasEnded.isSet {
                    try client.command("EVAL", "local x = 0 for i = 1, 20000 do x = x + i end return x", "0")
                }
            }
        }
        defer {
            hasEnded.set()
            for work in others { try? work.wait() }
        }
        let writer = try tracked.redis.client()
        let older = try (0..<400).count { round in
            _ = try tracked.reader.command("GET", "k")
            _ = try tracked.reader.command("GET", "k")
            try writer.command("EVAL", Self.write, "0", "\(round)")
            return try tracked.reader.command("GET", "k") != .text("\(round)")
        }
        #expect(older == 0)
    }
}
