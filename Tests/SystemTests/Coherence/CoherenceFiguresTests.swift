import Foundation
import TestSupport
import Testing

/// Prints figures and asserts none: how fast something is says more of the machine than of the proxy.
@Suite(
    "figures of coherence, with REDIS_PROXY_FIGURES set", .blocking, .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["REDIS_PROXY_FIGURES"] != nil))
struct CoherenceFiguresTests {
    private static let rounds = 5_000

    private static func report(_ what: String, _ times: [Duration]) {
        let sorted = times.sorted()
        func microseconds(_ percent: Int) -> String {
            String(format: "%.0f µs", sorted[(sorted.count - 1) * percent / 100] / .microseconds(1))
        }
        print("figures: \(what): \(times.count) times, median \(microseconds(50)), 99 % \(microseconds(99))")
    }

    private static func time(_ work: () throws -> Void) rethrows -> Duration { try ContinuousClock().measure(work) }

    @Test("from a foreign write's reply to the reply of the first fresh read")
    func delay() throws {
        let tracked = try TrackedRedis()
        try tracked.cache("k", "start")
        var delays: [Duration] = []
        var stale = 0
        for round in 0..<Self.rounds {
            let value = "\(round)"
            try tracked.straight.command("SET", "k", value)
            let written = ContinuousClock.now
            while try tracked.reader.command("GET", "k") != .text(value) { stale += 1 }
            delays.append(.now - written)
            // The next write is announced only once the key was read anew.
            try tracked.reader.command("GET", "k")
        }
        Self.report("delay of an invalidation", delays)
        print("figures: reads of the old value in between: \(stale)")
    }

    @Test("a hit in a session that only hits, and in one that mixes")
    func barrier() throws {
        let tracked = try TrackedRedis()
        try tracked.cache("k", "v")
        let client = try tracked.redis.client()
        let hits = try (0..<Self.rounds).map { _ in try Self.time { try client.command("GET", "k") } }
        var writes: [Duration] = []
        let mixed = try (0..<Self.rounds).map { _ in
            writes.append(try Self.time { try client.command("INCR", "n") })
            return try Self.time { try client.command("GET", "k") }
        }
        let scripts = try (0..<Self.rounds).map { _ in try Self.time { try client.command("EVAL", "return 1", "0") } }
        let straight = try (0..<Self.rounds).map { _ in try Self.time { try tracked.straight.command("GET", "k") } }
        Self.report("a hit in a session that only hits", hits)
        Self.report("a hit behind a relayed command, barrier included", mixed)
        Self.report("a relayed INCR", writes)
        Self.report("a relayed EVAL, held for a barrier", scripts)
        Self.report("a GET straight at the server", straight)
    }

    @Test("commands at the server for each hit and each coalesced miss")
    func backingCommands() throws {
        let tracked = try TrackedRedis()
        try tracked.cache("k", "v")
        let before = try tracked.fetches
        for _ in 0..<Self.rounds { try tracked.reader.command("GET", "k") }
        print("figures: \(Self.rounds) hits cost \(try tracked.fetches - before) GET at the server")
        let connections = try (0..<1_000).map { _ in try tracked.redis.connection(limit: .seconds(60)) }
        for connection in connections { _ = try connection.roundTrip("GET", "k") }
        let start = try tracked.fetches
        try tracked.server.freeze()
        for connection in connections { try connection.sendCommand("GET", "missed") }
        #expect(try connections[999].staysSilent(for: .milliseconds(300)))
        tracked.server.thaw()
        for connection in connections { _ = try connection.receiveReply() }
        print("figures: 1000 concurrent misses of one key cost \(try tracked.fetches - start) GET at the server")
    }
}
