import Foundation
import TestSupport
import Testing

@Suite("the ACL rule that docs/security.md gives for the proxy's user", .blocking)
struct FillUserTests {
    /// What is missing where a part of the rule is left out.
    enum Loss: Sendable {
        /// The server refuses the fill, and so its readers.
        case values
        /// Nothing is cached, which is said.
        case tracking
        /// The time to live is not known, so nothing is kept.
        case caching
        /// Nothing is cached by expiry.
        case expiry
        /// By expiry the server refuses the fill.
        case valuesByExpiry
        /// The proxy cannot know which keys a command writes, which is said.
        case commandTable
        /// Who has logged in is not answered from the cache, which is said.
        case clients
        /// It works, but the server notes a denied command in each heartbeat.
        case silence
    }

    static let parts: [(part: String, loss: Loss)] = [
        ("~*", .values), ("+get", .values), ("+pttl", .caching), ("&__redis__:invalidate", .tracking),
        ("+subscribe", .tracking), ("+client|id", .tracking), ("+client|tracking", .tracking), ("+info", .tracking),
        ("+multi", .expiry), ("+exec", .valuesByExpiry), ("+command", .commandTable), ("+mget", .silence),
        ("+client|info", .clients),
        ("+ping", .silence),
    ]

    /// The words behind `user` in that page, without those left out.
    private static func rule(without left: String? = nil) throws -> String {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/security.md")
        let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n").map {
            $0.trimmingPrefix { $0 == " " }
        }
        let line = try #require(lines.first { $0.hasPrefix("user ") })
        var words = line.split(separator: " ").dropFirst().map(String.init)
        if let left {
            #expect(words.contains(left))
            words.removeAll { $0 == left }
        }
        return words.joined(separator: " ")
    }

    private static func start(_ coherence: String, without part: String? = nil) throws -> ProxiedRedis {
        let rule = try self.rule(without: part)
        let password = try #require(rule.split(separator: " ").first { $0.hasPrefix(">") }).dropFirst()
        return try ProxiedRedis(
            [
                "CACHE_COHERENCE": coherence, "REDIS_USERNAME": String(rule.prefix { $0 != " " }),
                "REDIS_PASSWORD": String(password), "CLIENT_AUTH": "trust", "TRACKING_HEARTBEAT": "0.2",
            ], users: [rule])
    }

    /// What was denied, but for the question for the server's limits, which that page leaves to the user.
    private static func denials(_ redis: ProxiedRedis) throws -> [Reply] {
        try redis.server.command("ACL", "LOG").elements.filter { entry in
            !entry.elements.contains { $0.string?.hasPrefix("config") == true }
        }
    }

    /// Whether a `GET` is a hit now.
    private static func isHit(_ client: HiredisClient, _ redis: ProxiedRedis) throws -> Bool {
        let before = try redis.server.calls(of: "get")
        guard try client.command("GET", "k") == .text("v") else { return false }
        return try redis.server.calls(of: "get") == before
    }

    @Test("is all that it needs, by tracking and by expiry: nothing is denied", arguments: ["tracking", "expiry"])
    func whole(coherence: String) throws {
        let redis = try Self.start(coherence)
        try redis.setBehind("k", "v")
        let client = try redis.client()
        try eventually("it is cached") { try Self.isHit(client, redis) }
        if coherence == "tracking" {
            try redis.setBehind("k", "new")
            try eventually("changes are heard of") { try client.command("GET", "k") == .text("new") }
            try redis.setBehind("k", "v")
            // An announcement takes its time.
            try eventually("that too") { try client.command("GET", "k") == .text("v") }
            try eventually("MGET is answered from the cache") {
                #expect(try client.command("GET", "k") == .text("v"))
                let before = try redis.server.calls(of: "mget")
                for _ in 0..<100 { #expect(try client.command("MGET", "k") == .array([.text("v")])) }
                return try redis.server.calls(of: "mget") < before + 50
            }
        }
        #expect(try Self.denials(redis) == [])
        #expect(!redis.proxy.log.contains(" warning "), "\(redis.proxy.log)")
    }

    @Test("has no part that could be left out", arguments: Self.parts.map(\.part))
    func part(_ part: String) throws {
        let loss = try #require(Self.parts.first { $0.part == part }).loss
        let coherence =
            switch loss {
            case .expiry, .valuesByExpiry: "expiry"
            default: "tracking"
            }
        let redis = try Self.start(coherence, without: part)
        try redis.setBehind("k", "v")
        let client = try redis.client()
        switch loss {
        case .values:
            try eventually("GET is refused") { try client.command("GET", "k").isError("NOPERM") }
        case .valuesByExpiry:
            try eventually("GET is refused") { try client.command("GET", "k").isError("EXECABORT") }
        case .tracking, .caching, .expiry:
            try eventually("it is read") { try client.command("GET", "k") == .text("v") }
            if case .tracking = loss {
                try eventually("it is said") { redis.proxy.log.contains("so nothing is cached") }
            }
            for _ in 0..<50 { #expect(try !Self.isHit(client, redis)) }
        case .commandTable:
            try eventually("it is said") { redis.proxy.log.contains("COMMAND table cannot be read") }
        case .clients:
            try eventually("it is cached") { try Self.isHit(client, redis) }
            let rule = try Self.rule().split(separator: " ")
            let password = try #require(rule.first { $0.hasPrefix(">") }).dropFirst()
            #expect(try client.command("AUTH", String(rule[0]), String(password)) == .status("OK"))
            try eventually("it is said") { redis.proxy.log.contains("it is not answered from the cache") }
            for _ in 0..<50 { #expect(try !Self.isHit(client, redis)) }
        case .silence:
            try eventually("it is cached") { try Self.isHit(client, redis) }
            try eventually("it is noted") { try !Self.denials(redis).isEmpty }
        }
    }

    @Test("names no part twice, and the test knows all of them")
    func complete() throws {
        let words = try Self.rule().split(separator: " ").map(String.init)
        let parts = words.filter { ["~", "&", "+"].contains($0.prefix(1)) }
        #expect(parts.sorted() == Self.parts.map(\.part).sorted())
    }
}
