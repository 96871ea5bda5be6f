import TestSupport
import Testing

@Suite("with tracking, nothing is served that nobody would have corrected", .blocking)
struct LostTrackingTests {
    @Test("the feed or the fill connections are killed: what they brought is dropped", arguments: ["pubsub", "normal"])
    func killed(type: String) throws {
        let tracked = try TrackedRedis()
        try tracked.straight.command("SET", "k", "old")
        try tracked.cache("k")
        // In one transaction, so that the change is not announced to anybody.
        for command in [["MULTI"], ["CLIENT", "KILL", "TYPE", type, "SKIPME", "yes"], ["SET", "k", "new"], ["EXEC"]] {
            try tracked.straight.command(command.map { Array($0.utf8) })
        }
        let client = try tracked.redis.client()
        try eventually(within: .seconds(1), "it is fresh") { try client.command("GET", "k") == .text("new") }
        try eventually("the cache answers again") {
            let before = try tracked.fetches
            let replies = try (0..<20).map { _ in try client.command("GET", "k") }
            #expect(replies.allSatisfy { $0 == .text("new") })
            return try tracked.fetches == before
        }
    }

    @Test("a server that is stopped: hits end after three seconds, and go on when it does")
    func frozen() throws {
        let tracked = try TrackedRedis()
        try tracked.straight.command("SET", "k", "v")
        try tracked.cache("k")
        let client = try tracked.redis.connection(limit: .seconds(30))
        try tracked.redis.server.freeze()
        let frozen = ContinuousClock.now
        var last = frozen
        while true {
            try client.sendCommand("GET", "k")
            guard try !client.staysSilent(for: .milliseconds(300)) else { break }
            #expect(try client.receiveReply() == Array("$1\r\nv\r\n".utf8))
            last = .now
            pause(.milliseconds(20))
            if last - frozen > .seconds(10) { break }
        }
        #expect(last - frozen > .milliseconds(500), "it was answered at first")
        #expect(last - frozen < .milliseconds(3100))
        tracked.redis.server.thaw()
        #expect(try client.receiveReply() == Array("$1\r\nv\r\n".utf8))
        try eventually("hits go on") { try tracked.isHit("k") }
    }

    @Test("a server that restarts empty")
    func restarted() throws {
        let tracked = try TrackedRedis()
        try tracked.straight.command("SET", "k", "old")
        try tracked.cache("k")
        try tracked.redis.server.restart()
        let client = try tracked.redis.client()
        try eventually("it is back") {
            let reply = try client.command("GET", "k")
            #expect(reply != .text("old"))
            return reply == .null
        }
    }
}
