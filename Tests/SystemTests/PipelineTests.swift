import TestSupport
import Testing

@Suite("pipelines and inline commands", .blocking)
struct PipelineTests {
    @Test("a mixed pipeline, split anywhere, gets the very bytes of a straight server", arguments: [2, 3])
    func randomSplits(version: Int) throws {
        var generator = SeededGenerator()
        let redis = try ProxiedRedis.byExpiry()
        let model = try RedisServer()
        for round in 0..<12 {
            let request = Self.pipeline(of: 150, using: &generator)
            let straight = try RawConnection(port: model.port)
            let connection = try redis.connection()
            if version == 3 {
                _ = try straight.roundTrip("HELLO", "3")
                _ = try connection.roundTrip("HELLO", "3")
            }
            let expected = try answers(to: request, on: straight)
            try connection.send(request, inPiecesFrom: &generator, upTo: round % 3 == 0 ? 3 : 2000)
            connection.finishSending()
            let received = printable(try connection.receiveToEnd().bytes)
            try #require(received == expected, "round \(round): \(printable(request))")
        }
    }

    /// Commands of every kind that has a reply that does not depend on time or identity.
    private static func pipeline(of count: Int, using generator: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<count {
            let key = "k\(Int.random(in: 0..<6, using: &generator))"
            let number = Int.random(in: 0..<100, using: &generator)
            let command: [String]
            switch Int.random(in: 0..<24, using: &generator) {
            case 0...6: command = ["GET", key]
            case 7...8: command = ["SET", key, "\(number)"]
            case 9: command = ["DEL", key]
            case 10: command = ["INCRBY", key, "\(number)"]
            case 11: command = ["MGET", key, "k1", "list"]
            case 12: command = ["APPEND", key, "x"]
            case 13: command = ["LPUSH", number < 20 ? key : "list", "\(number)"]
            case 14: command = ["LRANGE", "list", "0", "3"]
            case 15: command = ["NOSUCH", "a\r\nb", key]
            case 16: command = ["GET"]
            case 17: command = ["HSET", "hash", "f\(number % 3)", "\(number)"]
            case 18: command = ["HGETALL", "hash"]
            case 19: command = ["EVAL", "return {redis.call('INCR','n'), {1, false, 'x'}, 'y'}", "0"]
            case 20: command = ["SELECT", number < 90 ? "0" : "1"]
            case 21: command = ["MULTI"]
            case 22: command = ["EXEC"]
            default: command = ["PING"]
            }
            let needsQuotes = command.contains { $0.contains { $0 == " " || $0.isNewline } }
            if !needsQuotes, Bool.random(using: &generator), Bool.random(using: &generator) {
                bytes.append(contentsOf: Array((command.joined(separator: " ") + "\r\n").utf8))
            } else {
                bytes.append(contentsOf: encodeCommand(command.map { Array($0.utf8) }))
            }
        }
        return bytes
    }

    @Test("a hit does not overtake an earlier miss or an earlier relayed command")
    func order() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.awaitCommandTable()
        try redis.cache("hit", "cached", behind: "changed")
        try redis.setBehind("miss", "fetched")
        let connection = try redis.connection()
        try redis.server.freeze()
        try connection.send("GET miss\r\nGET hit\r\nECHO relayed\r\nGET hit\r\nGET miss\r\n")
        #expect(try connection.staysSilent(for: .milliseconds(200)), "everything waits for the first")
        redis.server.thaw()
        #expect(try connection.receiveReplies(3) == "$7\r\nfetched\r\n$6\r\ncached\r\n$7\r\nrelayed\r\n")
        // Behind an unanswered relayed command it may follow on the same connection, and then it is the server's value.
        let behind = try connection.receiveReplies(1)
        #expect(behind == "$6\r\ncached\r\n" || behind == "$7\r\nchanged\r\n")
        #expect(try connection.receiveReplies(1) == "$7\r\nfetched\r\n")
    }

    @Test("ten thousand commands in one write")
    func longPipeline() throws {
        let redis = try ProxiedRedis.byExpiry()
        let client = try redis.client()
        for index in 0..<10_000 {
            if index % 10 == 0 { try client.append("SET", "k", "\(index)") } else { try client.append("GET", "k") }
        }
        let replies = try client.replies(10_000)
        let expected = (0..<10_000).map { $0 % 10 == 0 ? Reply.status("OK") : .text("\($0 / 10 * 10)") }
        #expect(replies == expected)
    }

    static let inline = [
        "PING\r\n", "PING\n", "   PING   \r\n", "\r\n\r\nPING\r\n", "SET k \"a b\"\r\nGET k\r\n",
        "SET k \"\\x41\\n\\t\\\"\"\r\nGET k\r\n", "SET k 'a\\'b'\r\nGET k\r\n", "set K ''\r\nget K\r\n",
        "ECHO \"\\xff\\x00\"\r\n", "GET\r\n", "get nosuch\r\n", "*1\r\n$4\r\nPING\r\nPING\r\n", "*0\r\nPING\r\n",
        "*-1\r\n*-10\r\nPING\r\n", "SET k HTTP/1.1\r\nGET k\r\n", "NOSUCH command 'with args'\r\n",
        "ECHO a\tb\r\n", "\"PING\"\r\n", "ECHO \"a\"\"b\"\r\n", "ECHO 'unbalanced\r\n", "QUIT\r\nPING\r\n",
    ]

    @Test("inline commands follow Redis' quoting, whole and byte by byte", arguments: Self.inline)
    func inlineCommands(line: String) throws {
        let redis = try ProxiedRedis.byExpiry()
        let model = try RedisServer()
        let expected = try answers(to: Array(line.utf8), on: RawConnection(port: model.port))
        #expect(try answers(to: Array(line.utf8), on: redis.connection()) == expected)
        let dripping = try redis.connection()
        for byte in line.utf8 { try? dripping.send([byte]) }
        dripping.finishSending()
        #expect(printable(try dripping.receiveToEnd().bytes) == expected)
    }
}
