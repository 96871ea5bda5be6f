import TestSupport
import Testing

@Suite("although invalidations come late, what somebody was told bounds how old hits may be", .blocking)
struct BarrierTests {
    /// Far longer than a reply takes: what is not waited for is stale here each time.
    private static let late = FaultyRelay.Fault.delayedFeed(.milliseconds(100))

    /// Each makes the server say something after the foreign write that the session then must not read behind.
    static let relayed = [
        ["SET", "lock", "mine", "NX"], ["INCR", "counter"], ["EVAL", "return 1", "0"], ["MGET", "data", "other"],
        ["STRLEN", "data"], ["LPOP", "list"], ["PING"],
    ]

    @Test("behind a relayed reply (a lock taken, say) no hit is older than it", arguments: Self.relayed)
    func neverBehindReply(command: [String]) throws {
        let tracked = try TrackedRedis(relayed: Self.late)
        let session = try tracked.redis.client()
        for round in 0..<5 {
            try tracked.cache("data", "old \(round)")
            try tracked.straight.command("SET", "data", "new \(round)")
            try session.command(command)
            #expect(try session.command("GET", "data") == .text("new \(round)"))
        }
    }

    /// Each makes `k` "new" through the proxy, and tells nobody beforehand that it will.
    static let writes: [[[String]]] =
        [
            [["MULTI"], ["EVAL", "return redis.call('SET', 'k', 'new')", "0"], ["EXEC"]],
            [["MULTI"], ["SET", "k", "new"], ["EXEC"]],
            [["EVAL", "return redis.call('SET', 'k', 'new')", "0"]],
            [["EVALSHA", "SHA", "0"]],
            [["SORT", "list", "STORE", "other"], ["EVAL", "return redis.call('RENAME', 'spare', 'k')", "0"]],
        ] + (ForeignWrite.hasFunctions ? [[["FCALL", "write", "0"]]] : [])

    @Test(
        "what a script, function or transaction wrote is seen by everybody once it is answered", arguments: Self.writes)
    func heldReplies(commands: [[String]]) throws {
        let tracked = try TrackedRedis(relayed: Self.late)
        try tracked.straight.command("FUNCTION", "LOAD", ForeignWrite.library)
        let script = try tracked.straight.command("SCRIPT", "LOAD", "return redis.call('SET', 'k', 'new')").string
        let writer = try tracked.redis.client()
        let other = try tracked.redis.client()
        let browser = try tracked.redis.connection()
        for _ in 0..<3 {
            try tracked.straight.command("RPUSH", "list", "1")
            try tracked.straight.command("SET", "spare", "new")
            try tracked.cache("k", "old")
            #expect(try browser.httpGet("/k")["x-cache"] == "HIT")
            for command in commands {
                let words = command[0] == "EVALSHA" ? ["EVALSHA", script ?? "", "0"] : command
                let reply = try writer.command(words)
                #expect(!reply.isError(""), "\(words): \(reply)")
            }
            #expect(try other.command("GET", "k") == .text("new"), "another connection")
            #expect(try browser.httpGet("/k").text == #"{"key":"k","value":"new"}"#, "HTTP")
            #expect(try writer.command("GET", "k") == .text("new"), "the same connection")
        }
    }

    /// They are answered at once, so the server must keep to it.
    static let readOnly = [
        ["EVAL_RO", "return redis.call('SET', 'k', 'new')", "0"],
        ["EVAL", "#!lua flags=no-writes\nreturn redis.call('SET', 'k', 'new')", "0"],
        ["EVAL", "#!lua flags=allow-stale,no-writes\nreturn redis.call('DEL', 'k')", "0"],
        ["EVAL", "#!lua flags=no-writes\nreturn redis.call('PFCOUNT', 'k')", "0"],
    ]

    @Test(
        "a script that says that it writes nothing is refused what writes, and answered without a barrier",
        // Before Redis 7 there is no EVAL_RO, and what a server does not know may be anything.
        arguments: Self.readOnly.filter { $0[0] != "EVAL_RO" || ServerProgram.current.isSince(redis: [7, 0]) })
    func readOnlyScripts(command: [String]) throws {
        let tracked = try TrackedRedis(relayed: FaultyRelay.Fault.none)
        let relay = try #require(tracked.relay)
        try tracked.cache("k", "old")
        #expect(try tracked.redis.client().command(command).isError(""))
        let session = try tracked.redis.connection()
        _ = try session.roundTrip("PING")
        // So a barrier would take until the cache is not believed any more.
        relay.swallow(.trackedReplies)
        try session.sendCommand(command)
        #expect(try !session.staysSilent(for: .milliseconds(1500)))
        relay.release()
        #expect(try tracked.straight.command("GET", "k") == .text("old"))
    }

    @Test("nor while the end of a fill connection that the server has closed is still on its way")
    func closedUnnoticed() throws {
        let tracked = try TrackedRedis(relayed: FaultyRelay.Fault.none)
        let relay = try #require(tracked.relay)
        for round in 0..<3 {
            try tracked.cache("k", "old \(round)")
            let session = try tracked.redis.connection()
            _ = try session.roundTrip("PING")
            relay.swallow(.trackedReplies)
            // In one transaction, so that the change is announced to nobody.
            let kills = try tracked.trackedClients.map { ["CLIENT", "KILL", "ID", $0] }
            try #require(!kills.isEmpty)
            for command in [["MULTI"]] + kills + [["SET", "k", "new \(round)"], ["EXEC"]] {
                try tracked.straight.command(command)
            }
            let range = try session.roundTrip("GETRANGE", "k", "0", "-1")
            #expect(range == "$5\r\nnew \(round)\r\n")
            try session.sendCommand("GET", "k")
            // While the cache has the old value nothing is answered; where it is gone by now, the server is asked at once.
            _ = try session.staysSilent(for: .milliseconds(300))
            relay.release()
            // An error, should the connection not have been replaced yet.
            #expect(try session.receiveReply() != Array("$5\r\nold \(round)\r\n".utf8))
            try tracked.expectSoon("k", .text("new \(round)"))
        }
    }

    @Test("a script empties nothing but what it wrote")
    func scriptsDropOnlyWhatTheyWrite() throws {
        let tracked = try TrackedRedis()
        try tracked.cache("kept", "value")
        let writer = try tracked.redis.client()
        for _ in 0..<20 { try writer.command("EVAL", "return redis.call('INCR', 'counter')", "0") }
        try writer.command(["MULTI"])
        try writer.command("EVAL", "return redis.call('INCR', 'counter')", "0")
        try writer.command(["EXEC"])
        #expect(try tracked.isHit("kept"))
    }

    @Test("MGET is answered from the cache, and never shows half of an MSET")
    func together() throws {
        let tracked = try TrackedRedis(relayed: Self.late)
        for key in ["a", "b"] { try tracked.cache(key, "0") }
        try eventually("MGET is answered from the cache") {
            // The proxy itself asks with MGET, once in each heartbeat.
            let before = try tracked.server.calls(of: "mget")
            for _ in 0..<20 {
                #expect(try tracked.reader.command("MGET", "a", "b") == .array([.text("0"), .text("0")]))
            }
            return try tracked.server.calls(of: "mget") < before + 10
        }
        let writing = BackgroundWork { [server = tracked.server] in
            let straight = try server.client()
            for round in 1...400 {
                try straight.command("MSET", "a", "\(round)", "b", "\(round)")
                pause(.milliseconds(5))
            }
        }
        let single = try tracked.redis.client()
        var read = 0
        while !writing.isFinished {
            // So that the two are fetched at different times.
            try single.command("GET", read % 2 == 0 ? "a" : "b")
            let values = try tracked.reader.command("MGET", "a", "b").elements
            try #require(values.count == 2 && values[0] == values[1], "\(values)")
            read += 1
        }
        try writing.wait()
        #expect(read > 3)
    }

    @Test("MGET of two keys that were read at different times is not pieced together across an MSET")
    func differentTimes() throws {
        let tracked = try TrackedRedis(relayed: .delayedFeed(.milliseconds(300)))
        for round in 0..<5 {
            let (a, b) = ("a\(round)", "b\(round)")
            try tracked.straight.command("MSET", a, "0", b, "0")
            #expect(try tracked.redis.client().command("GET", a) == .text("0"))
            try tracked.straight.command("MSET", a, "1", b, "1")
            #expect(try tracked.redis.client().command("GET", b) == .text("1"))
            // It has heard nothing yet, so nothing but the age of what is in the cache makes it wait.
            #expect(try tracked.redis.client().command("MGET", a, b) == .array([.text("1"), .text("1")]))
        }
    }
}
