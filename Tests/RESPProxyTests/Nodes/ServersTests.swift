import Testing

@testable import RESPProxy

@Suite("In front of two servers")
struct ServersTests {
    private let proxy: ServersUnderTest
    private let first: ServersUnderTest.Server
    private let second: ServersUnderTest.Server

    init() throws {
        proxy = try ServersUnderTest()
        first = proxy.servers[0]
        second = proxy.servers[1]
    }

    private static func ask(_ key: String) -> String { "*2 $3 GET $2 \(key) *2 $4 PTTL $2 \(key) " }

    private func expect(
        relayed: String, by server: ServersUnderTest.Server, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let sent = try proxy.relayed(server)
        #expect(sent == relayed, sourceLocation: sourceLocation)
    }

    private func expect(
        answered: String, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let sent = try proxy.answered()
        #expect(sent == answered, comment, sourceLocation: sourceLocation)
    }

    /// The cache gets a key from its server.
    private func cache(_ key: String, _ value: String, from server: ServersUnderTest.Server) throws {
        try proxy.send("GET \(key)")
        #expect(try proxy.asked(server) == Self.ask(key))
        try proxy.serve(server, "$\(value.utf8.count)\r\n\(value)\r\n:-1\r\n")
        try expect(answered: "$\(value.utf8.count) \(value) ")
    }

    @Test("a key is read from the server that owns it, and then from the cache")
    func reads() throws {
        defer { proxy.finish() }
        try cache("0a", "x", from: first)
        try cache("1a", "yy", from: second)
        try proxy.send("GET 1a", "GET 0a")
        try expect(answered: "$2 yy $1 x ")
        #expect(try proxy.asked(first) == "" && proxy.asked(second) == "")
    }

    @Test("reads of several servers in one write are answered in order, one server at a time")
    func order() throws {
        defer { proxy.finish() }
        try proxy.send("GET 0a", "GET 1a")
        #expect(try proxy.asked(first) == Self.ask("0a"))
        #expect(try proxy.asked(second) == "")
        try proxy.serve(first, "$1\r\nx\r\n:-1\r\n")
        try expect(answered: "$1 x ")
        #expect(try proxy.asked(second) == Self.ask("1a"))
        try proxy.serve(second, "$1\r\ny\r\n:-1\r\n")
        try expect(answered: "$1 y ")
    }

    @Test("a write goes to the server that owns its key; one to another server waits for the reply")
    func writes() throws {
        defer { proxy.finish() }
        try proxy.send("SET 0a x", "SET 0b x", "SET 1a y", "SET 0c z")
        try expect(relayed: "*3 $3 SET $2 0a $1 x *3 $3 SET $2 0b $1 x ", by: first)
        try expect(relayed: "", by: second)
        try proxy.serveRelayed(first, "+OK\r\n+OK\r\n")
        try expect(answered: "+OK +OK ")
        try expect(relayed: "*3 $3 SET $2 1a $1 y ", by: second)
        try expect(relayed: "", by: first)
        try proxy.serveRelayed(second, "+OK\r\n")
        try expect(relayed: "*3 $3 SET $2 0c $1 z ", by: first)
        try proxy.serveRelayed(first, "+OK\r\n")
        try expect(answered: "+OK +OK ")
    }

    @Test("a session that is in a transaction stays with the server that knows of it")
    func transaction() throws {
        defer { proxy.finish() }
        try proxy.send("MULTI")
        try expect(relayed: "*1 $5 MULTI ", by: first)
        try proxy.serveRelayed(first, "+OK\r\n")
        try proxy.send("SET 1a y")
        try expect(relayed: "*3 $3 SET $2 1a $1 y ", by: first)
        try expect(relayed: "", by: second)
        try proxy.serveRelayed(first, "-MOVED 1 127.0.0.1:1\r\n")
        try expect(answered: "+OK -MOVED 1 127.0.0.1:1 ", "what that server says of it")
    }

    @Test("behind a reply of one server, a hit of another's key waits for a barrier of the other")
    func barriers() throws {
        defer { proxy.finish() }
        try cache("0a", "x", from: first)
        try cache("1a", "y", from: second)
        try proxy.send("SET 0b 1")
        _ = try proxy.relayed(first)
        try proxy.serveRelayed(first, "+OK\r\n")
        try expect(answered: "+OK ")
        proxy.answerBarrier(first)
        try proxy.send("GET 0a")
        try expect(answered: "$1 x ")
        try proxy.send("GET 1a")
        try expect(answered: "", "what the first has answered says nothing of the second's keys")
        proxy.answerBarrier(first)
        try expect(answered: "")
        proxy.answerBarrier(second)
        try expect(answered: "$1 y ")
    }

    @Test("large values are relayed to the server of their key each, in order")
    func largeValues() throws {
        defer { proxy.finish() }
        proxy.cacheLarge("0a", of: first)
        proxy.cacheLarge("1a", of: second)
        try proxy.send("GET 0a", "GET 1a")
        try expect(relayed: "*2 $3 GET $2 0a ", by: first)
        try expect(relayed: "", by: second)
        try proxy.serveRelayed(first, "$1\r\nx\r\n")
        try expect(answered: "$1 x ")
        // What is known of the second's key may be older than that reply.
        proxy.answerBarrier(second)
        try expect(relayed: "*2 $3 GET $2 1a ", by: second)
        try proxy.serveRelayed(second, "$1\r\ny\r\n")
        try expect(answered: "$1 y ")
    }

    @Test("what stands behind a read that is relayed goes along only where it is the same server's")
    func behindRelayedRead() throws {
        defer { proxy.finish() }
        try cache("0b", "b", from: first)
        try cache("1b", "y", from: second)
        try proxy.send("GET 0a", "GET 0b", "GET 1b")
        #expect(try proxy.asked(first) == Self.ask("0a"))
        try proxy.serve(first, "-OOM nothing is queued\r\n:-1\r\n")
        try expect(relayed: "*2 $3 GET $2 0a *2 $3 GET $2 0b ", by: first)
        try expect(answered: "")
        try proxy.serveRelayed(first, "$1\r\nx\r\n$1\r\nb\r\n")
        try expect(answered: "$1 x $1 b $1 y ")
        try expect(relayed: "", by: second)
    }
}
