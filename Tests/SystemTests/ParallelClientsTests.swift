import Foundation
import TestSupport
import Testing

/// A million requests with `REDIS_PROXY_SOAK=1`, a tenth of them otherwise.
@Suite("many clients at once", .blocking)
struct ParallelClientsTests {
    private static let clients = 50
    private static let requests =
        ProcessInfo.processInfo.environment["REDIS_PROXY_SOAK"] == nil ? 100_000 : 1_000_000

    @Test("mixed GET, SET, DEL, INCR and MGET by 50 clients get exactly Redis' own replies")
    func mixedRequests() throws {
        let redis = try ProxiedRedis.byExpiry(["CACHE_CAPACITY": "300"])
        let model = try RedisServer()
        var generator = SeededGenerator()
        let seed = generator.next()
        try inParallel(Self.clients) { index in
            var generator = SeededGenerator(seed: seed &+ UInt64(index))
            let client = try redis.client()
            let straight = try model.client()
            var left = Self.requests / Self.clients
            while left > 0 {
                let batch = (0..<min(left, Int.random(in: 1...20, using: &generator))).map { _ in
                    Self.command(of: index, using: &generator)
                }
                left -= batch.count
                for command in batch {
                    try client.append(command)
                    try straight.append(command)
                }
                let replies = try client.replies(batch.count)
                let expected = try straight.replies(batch.count)
                guard replies == expected else {
                    let at = zip(replies, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
                    let words = batch[at].map { String(decoding: $0, as: UTF8.self) }
                    throw TestSupportError("client \(index), \(words): \(replies[at]), not \(expected[at])")
                }
            }
        }
        #expect(try redis.server.command("DBSIZE") == model.command("DBSIZE"))
    }

    /// A request on one of ten keys that only this client uses.
    private static func command(of client: Int, using generator: inout SeededGenerator) -> [[UInt8]] {
        func key() -> String { "c\(client):\(Int.random(in: 0..<10, using: &generator))" }
        let words: [String]
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<55: words = ["GET", key()]
        case 55..<75: words = ["SET", key(), "\(Int.random(in: 0...1_000_000, using: &generator))"]
        case 75..<83: words = ["DEL", key()]
        case 83..<92: words = ["INCR", key()]
        default: words = ["MGET", key(), key(), key()]
        }
        return words.map { Array($0.utf8) }
    }

    @Test("no reply ever reaches another client")
    func noCrossTalk() throws {
        let redis = try ProxiedRedis.byExpiry(["CACHE_CAPACITY": "5"])
        try inParallel(20) { index in
            let client = try redis.client()
            for round in 0..<300 {
                let key = "c\(index):\(round % 7)"
                let value = "\(index)-\(round)"
                try client.append("SET", key, value)
                try client.append("GET", key)
                try client.append("ECHO", value)
                let replies = try client.replies(3)
                guard replies == [.status("OK"), .text(value), .text(value)] else {
                    throw TestSupportError("client \(index): \(replies)")
                }
            }
        }
    }

    @Test("HTTP clients beside RESP clients, all on the same keys")
    func bothProtocols() throws {
        let redis = try ProxiedRedis.byExpiry()
        for index in 0..<10 { try redis.setBehind("k\(index)", "value\(index)") }
        try inParallel(16) { index in
            if index % 2 == 0 {
                let client = try redis.client()
                for round in 0..<300 {
                    let reply = try client.command("GET", "k\(round % 10)")
                    guard reply == .text("value\(round % 10)") else { throw TestSupportError("\(reply)") }
                }
            } else {
                let connection = try redis.connection()
                for round in 0..<300 {
                    let response = try connection.httpGet("/k\(round % 10)", headers: ["Accept: text/plain"])
                    guard response.status == 200, response.text == "value\(round % 10)" else {
                        throw TestSupportError("\(response.status) \(response.text)")
                    }
                }
            }
        }
    }
}
