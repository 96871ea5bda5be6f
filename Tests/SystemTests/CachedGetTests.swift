import TestSupport
import Testing

@Suite("a GET is answered from the cache", .blocking)
struct CachedGetTests {
    @Test("a value changed behind the proxy's back is still the old one, and the server is not asked")
    func cachedValue() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("k", "old")
        let client = try redis.client()
        #expect(try client.command("GET", "k") == .text("old"))
        try redis.setBehind("k", "new")
        let asked = try redis.server.calls(of: "get")
        for _ in 0..<100 { try #require(try client.command("GET", "k") == .text("old")) }
        #expect(try redis.client().command("GET", "k") == .text("old"), "another client")
        #expect(try redis.server.calls(of: "get") == asked)
    }

    @Test("GET is GET in any case, multibulk and inline")
    func letterCase() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.cache("k", "old", behind: "new")
        let connection = try redis.connection()
        for spelling in ["GET k\r\n", "get k\r\n", "  gEt   \"k\"  \r\n", "*2\r\n$3\r\ngEt\r\n$1\r\nk\r\n"] {
            try connection.send(spelling)
            #expect(try connection.receiveReply() == Array("$3\r\nold\r\n".utf8), "\(spelling)")
        }
    }

    @Test("in expiry mode it is not cached that a key is absent: nothing would tell when it is set")
    func absence() throws {
        let redis = try ProxiedRedis.byExpiry()
        let client = try redis.client()
        #expect(try client.command("GET", "k") == .null)
        try redis.setBehind("k", "new")
        #expect(try client.command("GET", "k") == .text("new"))
        try redis.setBehind("k", "newer")
        #expect(try client.command("GET", "k") == .text("new"), "but the value is")
    }

    @Test("an error is passed on and never cached")
    func errorsAreNotCached() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.server.command("LPUSH", "k", "x")
        let client = try redis.client()
        let expected = Reply.error("WRONGTYPE Operation against a key holding the wrong kind of value")
        #expect(try client.command("GET", "k") == expected)
        try redis.server.command("DEL", "k")
        try redis.setBehind("k", "string now")
        #expect(try client.command("GET", "k") == .text("string now"))
    }

    @Test("a GET with the wrong number of arguments is the server's to answer")
    func wrongArity() throws {
        let redis = try ProxiedRedis.byExpiry()
        let client = try redis.client()
        let expected = Reply.error("ERR wrong number of arguments for 'get' command")
        #expect(try client.command("GET") == expected)
        #expect(try client.command("GET", "a", "b") == expected)
    }

    @Test("concurrent misses for one key ask the server once")
    func singleFlight() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("warm", "x")
        try redis.setBehind("k", "value")
        #expect(try redis.client().command("GET", "warm") == .text("x"))
        let before = try redis.server.calls(of: "get")
        let connections = try (0..<50).map { _ in try redis.connection() }
        try redis.server.freeze()
        for connection in connections { try connection.sendCommand("GET", "k") }
        let browsers = try (0..<10).map { _ in try redis.connection() }
        for browser in browsers { try browser.send("GET /k HTTP/1.1\r\nHost: localhost\r\n\r\n") }
        // Nothing can tell when the proxy has read them all but that it has no more to read: give it a moment.
        #expect(try connections[49].staysSilent(for: .milliseconds(300)))
        redis.server.thaw()
        for connection in connections {
            #expect(try connection.receiveReply() == Array("$5\r\nvalue\r\n".utf8))
        }
        for browser in browsers { #expect(try browser.receiveHTTPResponse().status == 200) }
        #expect(try redis.server.calls(of: "get") == before + 1)
    }
}
