import Foundation
import TestSupport
import Testing

@Suite("what one client sends hits no other", .blocking)
struct BystanderTests {
    /// What goes wrong for eight clients that count while `action` runs, counts that are lost included.
    static func errorsOfBystanders(of redis: ProxiedRedis, during action: () throws -> Void) throws -> [String] {
        let isOver = Flag()
        let bystanders = try (0..<8).map { _ in
            let client = try redis.connection(limit: .seconds(60))
            return BackgroundWork { try Self.count(on: client, until: isOver) }
        }
        defer { isOver.set() }
        try eventually("the bystanders count") {
            Int(try redis.server.command("GET", "counter").string ?? "").map { $0 > 100 } ?? false
        }
        try action()
        isOver.set()
        let results = try bystanders.map { try $0.wait() }
        let counted = results.reduce(0) { $0 + $1.counted }
        let count = try redis.server.command("GET", "counter")
        return results.flatMap(\.errors) + (count == .text("\(counted)") ? [] : ["counted \(counted): \(count)"])
    }

    private static func count(on client: RawConnection, until isOver: Flag) throws -> (counted: Int, errors: [String]) {
        var counted = 0
        var errors: [String] = []
        while !isOver.isSet {
            let reply = try client.roundTrip("INCR", "counter")
            if reply.hasPrefix(":") { counted += 1 } else { errors.append(reply) }
        }
        return (counted, errors)
    }

    @Test("a command that is not framed to the letter is relayed as it came, also a read that the cache could answer")
    func oddlyFramed() throws {
        let redis = try ProxiedRedis()
        let client = try redis.connection()
        #expect(try client.roundTrip("SET", "k", "v") == "+OK\r\n")
        try eventually("the cache has it") {
            let before = try redis.server.calls(of: "get")
            guard try client.roundTrip("GET", "k") == "$1\r\nv\r\n" else { return false }
            return try redis.server.calls(of: "get") == before
        }
        let before = try redis.server.calls(of: "get")
        for bytes in ["*2\r\n$3\r\nGET\r\n$1\r\nkQQ", "*2\rX$3\r\nGET\r\n$1\r\nk\r\n"] {
            try client.send(bytes)
            #expect(String(decoding: try client.receiveReply(), as: UTF8.self) == "$1\r\nv\r\n")
        }
        #expect(try redis.server.calls(of: "get") == before + 2)
    }

    @Test(
        "a command that makes the server close its client is sent on no connection that others use",
        .enabled(if: ProcessInfo.processInfo.environment["VALKEY_SERVER"] != nil))
    func closesItsClient() throws {
        // Valkey 9.1 wants CR and LF behind each argument.
        let program = ProcessInfo.processInfo.environment["VALKEY_SERVER"] ?? ""
        let redis = try ProxiedRedis(RedisServer(program: program), ["CACHE_COHERENCE": "expiry"])
        try redis.awaitSharing()
        let straight = try redis.straight()
        try straight.send("*2\r\n$4\r\nINCR\r\n$1\r\nxQQ")
        let refusal = try straight.receiveToEnd().bytes
        let errors = try Self.errorsOfBystanders(of: redis) {
            for _ in 0..<30 {
                let client = try redis.connection()
                for count in 1...2 { #expect(try client.roundTrip("INCR", "x\(count)").hasPrefix(":")) }
                try client.send("*2\r\n$4\r\nINCR\r\n$1\r\nxQQ")
                #expect(try client.receiveToEnd().bytes == refusal)
            }
        }
        #expect(errors == [])
    }
}
