import TestSupport
import Testing

/// How a server splits a line hangs on its version: Valkey 9 takes `"a"b` for `ab`, Redis refuses it. Held to whichever server it is
/// (`REDIS_SERVER_BINARY`).
@Suite("inline commands are what the server takes them for", .blocking)
struct InlineTests {
    private static let pieces: [[UInt8]] =
        [
            "a", "b", " ", "\"", "'", "\\", "\\x41", "\t", "\u{0B}", "\u{0C}", "\r", "n", "\" ", " '",
        ].map { Array($0.utf8) } + [[0xFF], [0xC3, 0xA9]]

    private static let names = [
        "RPUSH l x", "SET k", "GET", "MGET", "ECHO", "\"RPUSH\" l", "APPEND k", "STRLEN", "EVAL \"return ARGV[1]\" 0",
    ]

    @Test("random lines have the same answers and effects as straight, whole and byte by byte")
    func randomLines() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.awaitCommandTable()
        let model = try RedisServer()
        var generator = SeededGenerator()
        for round in 0..<150 {
            var lines = ["FLUSHALL", "SET k old", "GET k"].map { Array($0.utf8) }
            for _ in 0..<3 {
                var line = Array((Self.names.randomElement(using: &generator) ?? "").utf8) + [0x20]
                for _ in 0..<Int.random(in: 1...7, using: &generator) {
                    line += Self.pieces.randomElement(using: &generator) ?? []
                }
                lines += [line] + ["LRANGE l 0 -1", "GET k", "STRLEN k"].map { Array($0.utf8) }
            }
            let drips = round.isMultiple(of: 10)
            let expected = try Self.replies(to: lines, on: RawConnection(port: model.port), dripping: false)
            let actual = try Self.replies(to: lines, on: redis.connection(), dripping: drips)
            #expect(actual == expected, "\(lines.map { printable($0) })")
        }
    }

    /// Each line has one reply; behind a protocol error there are none.
    private static func replies(
        to lines: [[UInt8]], on connection: RawConnection, dripping drips: Bool
    ) throws -> [String] {
        var replies: [String] = []
        for line in lines {
            let bytes = line + Array("\r\n".utf8)
            if drips { for byte in bytes { try? connection.send([byte]) } } else { try? connection.send(bytes) }
            guard let reply = try? connection.receiveReply() else { return replies + ["closed"] }
            replies.append(printable(reply))
        }
        return replies
    }

    /// What only the server can split, and what it does to the session.
    static let states = [
        #"SELECT "1\x"|SELECT 1|GET k|SET k one|GET k"#,
        #"SUBSCRIBE "a\x41" b 'c'd|PING|UNSUBSCRIBE|GET k"#,
        #""MUL"TI|SET k v|EXEC|GET k"#, #"M"ULTI"|SET k v|GET k|EXEC|GET k"#,
        #"MULTI|SET k "a\x41"|GET k|EXEC|GET k"#, #"MULTI|NOSUCH "a\x41"|EXEC|GET k"#,
        #"CLIENT REPLY "o\x66f"|GET k|CLIENT REPLY ON|GET k"#, #"CLIENT REPLY OFF|SET k "a\x41"|CLIENT REPLY ON|GET k"#,
        #"CLIENT SETNAME "a\x41"|CLIENT GETNAME|GET k"#, #"HELLO "9\x41"|GET k"#,
        #"WATCH "k\x41"|MULTI|GET k|EXEC"#, #"PING "a\x41"|SET k new|GET k"#, #"GET k|ECHO 'open|GET k|SET k never"#,
        #"SET k "a"b|GET k"#, #"EVAL "return redis.call('set', 'k', \"x\")" 0|GET k"#, #"QUIT "a\x41"|GET k"#,
        #"RESET "a\x41"|GET k"#, #"RPUSH l a|BLPOP "\x6C" 1|GET k"#,
    ]

    @Test("and what they change about a session is not lost", arguments: Self.states)
    func state(script: String) throws {
        let lines = ("SET k first|GET k|" + script).split(separator: "|").map { "\($0)\r\n" }
        let model = try RedisServer()
        let straight = try RawConnection(port: model.port)
        var lengths: [Int] = []
        var expected: [UInt8] = []
        var isOver = false
        for line in lines {
            try? straight.send(line)
            // How many replies a line has is the server's to say.
            while !isOver, try !straight.staysSilent(for: .milliseconds(50)) {
                let bytes = try straight.receiveSome()
                isOver = bytes.isEmpty
                expected += bytes
            }
            lengths.append(expected.count)
        }
        for coherence in ["expiry", "tracking"] {
            let redis = try ProxiedRedis(["CACHE_COHERENCE": coherence])
            if coherence == "expiry" { try redis.awaitCommandTable() }
            let client = try redis.connection()
            var actual: [UInt8] = []
            for (line, length) in zip(lines, lengths) {
                try? client.send(line)
                while actual.count < length {
                    let bytes = try client.receiveSome()
                    actual += bytes
                    if bytes.isEmpty { break }
                }
            }
            #expect(printable(actual) == printable(expected), "\(coherence)")
            if isOver { #expect(try client.receiveSome() == []) }
        }
    }

    @Test("whoever has sent such a line is answered from the cache again")
    func hits() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.awaitCommandTable()
        let client = try redis.connection()
        try client.send(Array("SET k \"a\\x41\"\r\n".utf8))
        #expect(try client.receiveReply() == Array("+OK\r\n".utf8))
        #expect(try client.roundTrip("GET", "k") == "$2\r\naA\r\n")
        try redis.setBehind("k", "new")
        try client.send(Array("GET \"k\"\r\n".utf8))
        #expect(try client.receiveReply() == Array("$2\r\naA\r\n".utf8), "a hit")
        try client.send(Array("GET \"\\x6b\"\r\n".utf8))
        #expect(try client.receiveReply() == Array("$3\r\nnew\r\n".utf8), "the server")
    }

    @Test("a log-in by such a line lifts the limits of those who have not logged in")
    func login() throws {
        let redis = try ProxiedRedis(password: "secret")
        let client = try redis.connection()
        try client.send(Array("AUTH \"s\\x65cret\"\r\n".utf8))
        #expect(try client.receiveReply() == Array("+OK\r\n".utf8))
        let many = ["DEL"] + (0..<20).map { "k\($0)" }
        try client.send(encodeCommand(many.map { Array($0.utf8) }))
        #expect(try client.receiveReply() == Array(":0\r\n".utf8))
    }
}
