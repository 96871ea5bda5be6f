import TestSupport
import Testing

@Suite("what a relayed command that tells no keys does to the cache", .blocking)
struct HarmlessCommandsTests {
    private static let asking = [
        "INFO", "CONFIG GET maxmemory", "CLIENT LIST", "SCRIPT EXISTS x", "SCRIPT LOAD return{1}", "FUNCTION LIST",
        "FUNCTION DELETE nosuch", "MODULE LIST", "SLOWLOG GET", "LATENCY LATEST", "MEMORY STATS", "ACL WHOAMI",
        "COMMANDLOG GET 1 slow", "COMMANDLOG RESET slow", "HOTKEYS GET", "CLUSTER NODES", "CLUSTER SLOTS",
        "CLUSTER COUNT-FAILURE-REPORTS 0123456789012345678901234567890123456789", "CLUSTER COUNTKEYSINSLOT 1",
    ]

    @Test("whoever only asks the server empties nothing, by tracking")
    func askingByTracking() throws { try Self.ask(TrackedRedis().redis) }

    @Test("whoever only asks the server empties nothing, by expiry")
    func askingByExpiry() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.awaitCommandTable()
        try Self.ask(redis)
    }

    private static func ask(_ redis: ProxiedRedis) throws {
        try redis.setBehind("k", "v")
        let client = try redis.client()
        func isHit() throws -> Bool {
            let before = try redis.server.calls(of: "get")
            _ = try client.command("GET", "k")
            return try redis.server.calls(of: "get") == before
        }
        try eventually("it is cached") { try isHit() }
        var played = 0
        for line in Self.asking {
            let reply = try client.command(line.split(separator: " ").map { Array($0.utf8) })
            // What this server does not have is nothing that anybody could know.
            if reply.isError("ERR unknown") || reply.isError("ERR Unknown") {
                try eventually("it is cached again") { try isHit() }
                continue
            }
            played += 1
            #expect(try isHit(), "\(line)")
        }
        #expect(played > 8)
    }

    @Test("a script's own write is seen by expiry, whatever the server's table says of scripts")
    func scripts() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.awaitCommandTable()
        let client = try redis.client()
        let other = try redis.client()
        let script = "return redis.call('SET', 'k', ARGV[1])"
        let loaded = try redis.server.command("SCRIPT", "LOAD", script).string ?? ""
        let ways = [
            [["EVAL", script, "0"]], [["EVALSHA", loaded, "0"]], [["MULTI"], ["EVAL", script, "0"], ["EXEC"]],
        ]
        for (number, commands) in ways.enumerated() {
            try client.command("SET", "k", "old")
            #expect(try other.command("GET", "k") == .text("old"))
            for command in commands {
                let words = command.count > 1 ? command + ["new \(number)"] : command
                #expect(try !client.command(words).isError(""), "\(words)")
            }
            #expect(try client.command("GET", "k") == .text("new \(number)"))
            #expect(try other.command("GET", "k") == .text("new \(number)"))
        }
    }
}
