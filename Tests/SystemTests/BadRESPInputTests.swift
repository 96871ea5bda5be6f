import TestSupport
import Testing

@Suite("bad input over RESP gets Redis' own error text and close", .blocking)
struct BadRESPInputTests {
    private static let long = String(repeating: "a", count: 100_000)
    private static let digits = String(repeating: "1", count: 70_000)

    static let requests: [String] = [
        // Inline.
        "PING \"unbalanced\r\nPING\r\n", "PING 'unbalanced\r\n", "SET k \"a\"b\r\n", Self.long, Self.long + "\r\n",
        // Counts of arguments.
        "*abc\r\n", "*\r\n", "*+3\r\n", "*03\r\n", "* 1\r\n", "*12345678901234567890\r\n", "*2147483648\r\n", "*1 \r\n",
        "*0\r\n*-1\r\n*-10\r\nPING\r\n", "*-99999999999\r\nPING\r\n", "*" + Self.digits,
        // Arguments.
        "*1\r\nPING\r\n", "*1\r\n:4\r\n", "*2\r\n$4\r\nECHO\r\n+x\r\n", "*1\r\n\r\n", "*1\r\n*1\r\n$4\r\nPING\r\n",
        "*1\r\n$-1\r\n", "*1\r\n$abc\r\n", "*1\r\n$\r\n", "*1\r\n$04\r\nPING\r\n", "*1\r\n$536870913\r\n",
        "*1\r\n$99999999999999999999\r\n", "*1\r\n$" + Self.digits, "*1\r\n$4 \r\nPING\r\n", "*1\r\n$0\r\n\r\nPING\r\n",
        // Lenient where Redis is.
        "*1\r\n$4\r\nPINGxxPING\r\n", "*1\rX$4\rXPING\r\nPING\r\n", "*1\r\n$4\r\nPING\n\nPING\r\n",
        // Incomplete, then our FIN.
        "*2\r\n$3\r\nGET\r\n$1\r\n", "*2\r\n$3\r\nGET", "*2\r\n", "*", "PING", "GET k", "*1\r\n$4\r\nPI",
        // Unknown commands, their arguments cut and cleaned.
        "NOSUCH\r\n", "NOSUCH a b c\r\n", "NOSUCH \"a\\r\\nb\" c\r\n", "NOSUCH \(Self.long.prefix(300)) b\r\n",
        "\(Self.long.prefix(300)) b\r\n", "\"\"\r\n", "GET\r\nGET a b\r\n", "CLIENT NOSUCH\r\n", "\u{0001}\u{0002}\r\n",
        // Protection against cross-protocol scripting.
        "POST\r\nPING\r\n", "post x\r\nPING\r\n", "Host: example.com\r\nPING\r\n", "hOsT:\r\n",
        "PING\r\nPOST x\r\nPING\r\n",
        "*1\r\n$4\r\nPOST\r\nPING\r\n", "*2\r\n$5\r\nhost:\r\n$1\r\nx\r\nPING\r\n", "Hosts: x\r\nPING\r\n",
    ]

    /// Good commands before a bad one, and nothing after it.
    static let requestsWithErrorsBehindOthers: [String] = [
        "SET k 1\r\nPING\r\n*abc\r\nSET k 2\r\n", "*1\r\n$4\r\nPING\r\n*1\r\n!4\r\nPING\r\n",
        "SET k 1\r\nINCR k\r\nGET k\r\nGET k\r\n*2\r\n$3\r\nGET\r\n$x\r\n",
    ]

    @Test(
        "behind good commands, too", .enabled(if: !ServerProgram.current.swallowsProtocolErrors, .swallowedErrors),
        arguments: Self.requestsWithErrorsBehindOthers)
    func behindOthers(request: String) throws { try self.compare(request) }

    @Test("the same bytes as from a straight server, then the end", arguments: Self.requests.indices)
    func sameAnswer(index: Int) throws { try self.compare(Self.requests[index]) }

    private func compare(_ request: String) throws {
        let bytes = Array(request.utf8)
        let redis = try ProxiedRedis()
        let model = try RedisServer()
        let expected = try answers(to: bytes, on: RawConnection(port: model.port))
        let shown = "\(printable(bytes.prefix(80)))"
        #expect(try answers(to: bytes, on: redis.connection()) == expected, "\(shown)")
        // Where Redis closes by itself, so does the proxy, without waiting for our FIN.
        if let closed = try? answers(
            to: bytes, on: RawConnection(port: model.port, limit: .milliseconds(300)), half: false)
        {
            let answer = try answers(to: bytes, on: redis.connection(), half: false)
            #expect(answer == closed, "\(shown)")
        }
        #expect(try redis.server.command("GET", "k") == model.command("GET", "k"))
        #expect(try redis.client().command("PING") == .status("PONG"), "others are served")
    }

    @Test(
        "what was answered before POST and Host: goes out before the end, also where it is held until changes are heard of",
        arguments: ["POST x\r\n", "Host: example.com\r\n"])
    func heldReply(request: String) throws {
        let redis = try TrackedRedis(relayed: .delayedFeed(.milliseconds(700)))
        let client = try redis.redis.connection()
        let pings = try redis.server.calls(of: "ping")
        try client.sendCommand("EVAL", "redis.call('set', KEYS[1], 'v') return 'answered'", "1", "k")
        // The barrier is asked for when the reply has come to the proxy.
        try eventually("the reply is held") {
            try redis.server.command("EXISTS", "k") == .integer(1) && redis.server.calls(of: "ping") > pings
        }
        try client.send(request + "PING\r\n")
        let end = try client.receiveToEnd()
        #expect(printable(end.bytes) == #"$8\r\nanswered\r\n"#)
        #expect(end.closing == .end)
    }

    @Test("what Redis waits for, the proxy waits for, without allocating ahead")
    func waits() throws {
        let redis = try ProxiedRedis()
        let before = redis.proxy.residentMemory
        let long = ServerProgram.current.takesLongMultibulks ? ["*1048577\r\n", "*2147483647\r\n"] : []
        let waiting = [
            String(repeating: "a", count: 65_000), "*1\r\n$536870912\r\n",
            "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nabc", "PING\u{0}\r\nPING\r\n",
        ]
        var connections: [RawConnection] = []
        for text in waiting + long {
            for _ in 0..<5 {
                let connection = try redis.connection()
                try connection.send(text)
                connections.append(connection)
            }
        }
        pause(.milliseconds(200))
        for connection in connections { #expect(try connection.staysSilent(for: .milliseconds(1))) }
        #expect(redis.proxy.residentMemory - before < 64 << 20, "of many gibibytes that were announced")
        #expect(try redis.client().command("PING") == .status("PONG"))
    }

    @Test("random bytes never crash it, hang it or disturb others")
    func randomBytes() throws {
        var generator = SeededGenerator()
        let redis = try ProxiedRedis()
        let alphabet = Array("*$+-:_#,(!=%~>|0123456789\r\n\0\"' \\GETSETabc/HTTP1.".utf8)
        let other = try redis.client()
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 1...200, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            let connection = try redis.connection()
            try? connection.send(bytes)
            connection.finishSending()
            _ = try connection.receiveToEnd()
            try #require(try other.command("PING") == .status("PONG"), "\(printable(bytes))")
        }
        #expect(redis.proxy.process.isRunning)
    }
}
