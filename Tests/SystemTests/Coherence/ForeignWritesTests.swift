import TestSupport
import Testing

@Suite("with tracking, a write that does not go through the proxy is seen", .blocking)
struct ForeignWritesTests {
    /// Each makes the string `k` "new", or absent.
    static let writes: [(commands: [[String]], value: String?)] = [
        ([["SET", "k", "new"]], "new"),
        ([["DEL", "k"]], nil),
        ([["APPEND", "k", "er"]], "older"),
        ([["PEXPIRE", "k", "-1"]], nil),
        ([["PEXPIRE", "k", "20"]], nil),
        ([["RENAME", "k", "other"]], nil),
        ([["SET", "other", "new"], ["RENAME", "other", "k"]], "new"),
        ([["SET", "other", "new"], ["COPY", "other", "k", "REPLACE"]], "new"),
        ([["MOVE", "k", "5"]], nil),
        ([["SORT", "nosuch", "STORE", "k"]], nil),
        ([["EVAL", "return redis.call('SET', 'k', 'new')", "0"]], "new"),
        ([["MULTI"], ["SET", "k", "new"], ["EXEC"]], "new"),
        ([["FLUSHDB"]], nil),
        ([["FLUSHALL"]], nil),
        ([["SWAPDB", "0", "7"]], nil),
        ([["SELECT", "1"], ["SET", "k", "elsewhere"]], "old"),
    ]

    @Test("by whatever command", arguments: Self.writes)
    func write(commands: [[String]], value: String?) throws {
        let tracked = try TrackedRedis()
        try tracked.straight.command("SET", "k", "old")
        try tracked.cache("k")
        for command in commands {
            let reply = try tracked.straight.command(command.map { Array($0.utf8) })
            #expect(!reply.isError(""), "\(command): \(reply)")
        }
        try tracked.expectSoon("k", value.map { .text($0) } ?? .null)
        #expect(try tracked.redis.http.get("/k").text == (value.map { #"{"key":"k","value":"\#($0)"}"# } ?? ""))
    }

    @Test("an absent key is kept as absent, over both protocols, until somebody sets it")
    func absent() throws {
        let tracked = try TrackedRedis()
        try tracked.cache("nosuch")
        #expect(try tracked.reader.command("GET", "nosuch") == .null)
        let response = try tracked.redis.http.get("/nosuch")
        #expect(response.text == "")
        try tracked.straight.command("SET", "nosuch", "now")
        try tracked.expectSoon("nosuch", .text("now"))
    }

    @Test("a hundred concurrent misses cost one GET")
    func singleFlight() throws {
        let tracked = try TrackedRedis()
        let connections = try (0..<100).map { _ in try tracked.redis.connection() }
        let before = try tracked.fetches
        try tracked.redis.server.freeze()
        for connection in connections { try connection.sendCommand("GET", "k") }
        #expect(try connections[99].staysSilent(for: .milliseconds(300)))
        tracked.redis.server.thaw()
        for connection in connections { #expect(try connection.receiveReply() == Array("$-1\r\n".utf8)) }
        #expect(try tracked.fetches == before + 1)
    }

    @Test("a server that says BUSY still answers: the cache goes on")
    func busy() throws {
        let tracked = try TrackedRedis()
        try tracked.straight.command("CONFIG", "SET", "busy-reply-threshold", "50")
        try tracked.straight.command("SET", "k", "v")
        try tracked.cache("k")
        let script = BackgroundWork { [server = tracked.redis.server] in
            _ = try server.command("EVAL", "while true do end", "0")
        }
        let client = try tracked.redis.connection()
        let started = ContinuousClock.now
        while ContinuousClock.now - started < .seconds(5) {
            try client.sendCommand("GET", "k")
            try #require(try client.receiveReply() == Array("$1\r\nv\r\n".utf8))
            pause(.milliseconds(50))
        }
        try tracked.straight.command("SCRIPT", "KILL")
        try script.wait()
    }

    @Test("what is not announced is noticed at the next heartbeat: nobody is let in any more without a password")
    func admission() throws {
        let tracked = try TrackedRedis()
        try tracked.straight.command("SET", "k", "v")
        try tracked.cache("k")
        try tracked.straight.command("CONFIG", "SET", "requirepass", "secret")
        try eventually(within: .seconds(4), "a new client is not let in") {
            try tracked.redis.connection().roundTrip("GET", "k").hasPrefix("-NOAUTH")
        }
    }
}
