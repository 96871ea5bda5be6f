import TestSupport
import Testing

@Suite("a write through the proxy drops the keys it names", .blocking)
struct LocalWritesTests {
    /// Each leaves `k` as the string "new" at the server, or absent.
    static let writes: [(commands: [[String]], value: String?)] = [
        ([["SET", "k", "new"]], "new"),
        ([["set", "k", "new"]], "new"),
        ([["DEL", "a", "b", "k"]], nil),
        ([["UNLINK", "k"]], nil),
        ([["SET", "k", "5"], ["INCR", "k"]], "6"),
        ([["APPEND", "k", "er"]], "older"),
        ([["SETRANGE", "k", "0", "b"]], "bld"),
        ([["GETSET", "k", "new"]], "new"),
        ([["GETDEL", "k"]], nil),
        ([["MSET", "x", "1", "k", "new", "y", "2"]], "new"),
        ([["DEL", "k"], ["MSETNX", "x", "1", "k", "new"]], "new"),
        ([["SET", "other", "new"], ["RENAME", "other", "k"]], "new"),
        ([["RENAME", "k", "other"]], nil),
        ([["SET", "other", "new"], ["COPY", "other", "k", "REPLACE"]], "new"),
        ([["MOVE", "k", "5"]], nil),
        ([["PEXPIRE", "k", "-1"]], nil),
        ([["FLUSHALL"]], nil),
        ([["FLUSHDB"]], nil),
        ([["EVAL", "return redis.call('SET', KEYS[1], 'new')", "1", "k"]], "new"),
        ([["EVAL", "return redis.call('SET', 'k', 'new')", "0"]], "new"),
        ([["MULTI"], ["SET", "k", "new"], ["EXEC"]], "new"),
        ([["SET", "other", "new"], ["SORT", "nosuch", "STORE", "k"]], nil),
        ([["BITOP", "NOT", "k", "nosuch"]], nil),
        ([["SWAPDB", "0", "7"]], nil),
        ([["SELECT", "1"], ["SET", "k", "elsewhere"], ["SELECT", "0"]], "old"),
    ]

    @Test("the next read is fresh over RESP2, RESP3 and HTTP", arguments: Self.writes)
    func write(commands: [[String]], value: String?) throws {
        let redis = try ProxiedRedis.byExpiry()
        let writer = try redis.client()
        let reader = try redis.client()
        let third = try redis.connection()
        _ = try third.roundTrip("HELLO", "3")
        #expect(try writer.command("SET", "k", "old") == .status("OK"))
        #expect(try reader.command("GET", "k") == .text("old"))
        #expect(try redis.http.get("/k")["x-cache"] == "HIT", "it was cached before")
        for command in commands {
            let reply = try writer.command(command.map { Array($0.utf8) })
            #expect(!reply.isError(""), "\(command): \(reply)")
        }
        #expect(try reader.command("GET", "k") == value.map { .text($0) } ?? .null)
        #expect(try writer.command("GET", "k") == value.map { .text($0) } ?? .null)
        #expect(try third.roundTrip("GET", "k") == (value.map { "$\($0.utf8.count)\r\n\($0)\r\n" } ?? "_\r\n"))
        let response = try redis.http.get("/k")
        #expect(response.text == (value.map { #"{"key":"k","value":"\#($0)"}"# } ?? ""))
    }

    @Test("a pipeline reads its own writes")
    func readYourWrites() throws {
        let redis = try ProxiedRedis.byExpiry()
        let client = try redis.client()
        for round in 0..<200 {
            try client.append("SET", "k", "\(round)")
            try client.append("GET", "k")
            try client.append("GET", "k")
        }
        for round in 0..<200 {
            try #require(try client.replies(3) == [.status("OK"), .text("\(round)"), .text("\(round)")])
        }
    }

    @Test("a write of one client is seen by every other once it has been answered")
    func othersSeeIt() throws {
        let redis = try ProxiedRedis.byExpiry()
        let writer = try redis.client()
        let readers = try (0..<4).map { _ in try redis.client() }
        for round in 0..<200 {
            try #require(try writer.command("SET", "k", "\(round)") == .status("OK"))
            for reader in readers { try #require(try reader.command("GET", "k") == .text("\(round)")) }
        }
    }

    @Test("a fill that was under way when the write came is not stored")
    func fillsInFlight() throws {
        let redis = try ProxiedRedis.byExpiry()
        try inParallel(8) { index in
            let client = try redis.client()
            let key = "k\(index % 2)"
            for round in 0..<300 {
                if index < 2 {
                    let value = "\(round)"
                    try client.command("SET", key, value)
                    try #require(try client.command("GET", key) == .text(value), "the only writer reads what it wrote")
                } else {
                    try client.command("GET", key)
                }
            }
        }
        #expect(try redis.client().command("MGET", "k0", "k1") == .array([.text("299"), .text("299")]))
        for key in ["k0", "k1"] { #expect(try redis.client().command("GET", key) == .text("299")) }
    }
}
