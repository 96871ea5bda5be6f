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
            try tracked.straight.command(command)
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

    @Test("a server that is stopped: hits end within three seconds, and go on when it does")
    func frozen() throws {
        let tracked = try TrackedRedis()
        try tracked.cache("k", "old")
        try self.expectEndOfHits(tracked, then: "old") {
            try tracked.server.freeze()
        } undo: {
            tracked.server.thaw()
        }
    }

    @Test("a network that swallows everything, or only what is announced: likewise", arguments: [true, false])
    func swallowed(everything: Bool) throws {
        let tracked = try TrackedRedis(relayed: FaultyRelay.Fault.none)
        let relay = try #require(tracked.relay)
        try tracked.cache("k", "old")
        try self.expectEndOfHits(tracked, then: "new") {
            relay.swallow(everything ? .all : .feed)
            try tracked.straight.command("SET", "k", "new")
        } undo: {
            relay.release()
        }
    }

    /// Reads `k`, cached as "old", while something is the matter of which nobody is told, and behind it.
    private func expectEndOfHits(
        _ tracked: TrackedRedis, then value: String, _ fault: () throws -> Void, undo: () -> Void
    ) throws {
        let client = try tracked.redis.connection(limit: .seconds(30))
        let expected = "$\(value.utf8.count)\r\n\(value)\r\n"
        try fault()
        let began = ContinuousClock.now
        var lastHit = began
        var hits = 0
        var reply = ""
        while lastHit - began < .seconds(10) {
            let asked = ContinuousClock.now
            try client.sendCommand("GET", "k")
            if try client.staysSilent(for: .seconds(2)) { break }
            reply = String(decoding: try client.receiveReply(), as: UTF8.self)
            guard reply == "$3\r\nold\r\n" else { break }
            lastHit = asked
            hits += 1
            pause(.milliseconds(20))
        }
        #expect(hits > 0, "it was answered at first")
        // The heartbeat and its time-out, from the last answer on.
        #expect(lastHit - began < .seconds(3))
        undo()
        if reply != expected { #expect(String(decoding: try client.receiveReply(), as: UTF8.self) == expected) }
        try eventually("hits go on") { try tracked.isHit("k") }
        #expect(try tracked.reader.command("GET", "k") == .text(value))
    }

    @Test("the feed is reset while it holds an announcement, which so never comes")
    func reset() throws {
        let tracked = try TrackedRedis(relayed: FaultyRelay.Fault.none)
        let relay = try #require(tracked.relay)
        for round in 0..<3 {
            try tracked.cache("k", "old \(round)")
            relay.swallow(.feed)
            try tracked.straight.command("SET", "k", "new \(round)")
            relay.reset(.feed)
            relay.release()
            try tracked.expectSoon("k", .text("new \(round)"))
        }
    }

    @Test("an announcement that is cut in the middle counts as one of everything")
    func cutAnnouncement() throws {
        let tracked = try TrackedRedis(relayed: .cutAnnouncement(of: "k"))
        try tracked.cache("k", "old")
        try tracked.cache("other", "old")
        try tracked.straight.command("SET", "k", "new")
        try tracked.expectSoon("k", .text("new"))
        try tracked.cache("other")
    }

    @Test("every connection is reset at once: errors or fresh values, and hits again later")
    func resetAll() throws {
        let tracked = try TrackedRedis(relayed: FaultyRelay.Fault.none)
        let relay = try #require(tracked.relay)
        try tracked.cache("k", "old")
        relay.swallow(.all)
        try tracked.straight.command("SET", "k", "new")
        relay.reset(.all)
        relay.release()
        let client = try tracked.redis.client()
        try eventually("it is fresh") { (try? client.command("GET", "k")) == .text("new") }
        try tracked.cache("k")
    }

    @Test("a server that restarts empty")
    func restarted() throws {
        let tracked = try TrackedRedis()
        try tracked.straight.command("SET", "k", "old")
        try tracked.cache("k")
        try tracked.server.restart()
        let client = try tracked.redis.client()
        try eventually("it is back") {
            let reply = try client.command("GET", "k")
            #expect(reply != .text("old"))
            return reply == .null
        }
    }
}
