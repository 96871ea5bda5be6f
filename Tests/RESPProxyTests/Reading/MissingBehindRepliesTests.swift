import BackingClient
import LocalCache
import NIOCore
import Testing

@testable import RESPProxy

@Suite("Behind what the cache may be older than, what it does not have is asked for at once")
struct MissingBehindRepliesTests {
    private static func ask(_ key: String) -> String { "*2 $3 GET $1 \(key) *2 $4 PTTL $1 \(key) " }

    /// The client has been given a value of `k` that is newer than the one that the cache has.
    private static func withNewerReply(_ body: (LoopUnderTest) throws -> Void) throws {
        let loop = try LoopUnderTest()
        defer { loop.finish() }
        loop.trust(true)
        try loop.get("k")
        #expect(try loop.asked() == ask("k"))
        loop.invalidate("k")
        loop.cache("k", "old")
        try loop.serve("$3\r\nnew\r\n:-1\r\n")
        #expect(try loop.answered() == "$3 new ")
        try body(loop)
    }

    @Test("without a barrier")
    func missing() throws {
        try Self.withNewerReply { loop in
            try loop.get("a")
            #expect(try loop.asked() == Self.ask("a"))
            try loop.serve("$1\r\n1\r\n:-1\r\n")
            #expect(try loop.answered() == "$1 1 ")
        }
    }

    @Test("what it has waits for one, and so does what stands behind it")
    func present() throws {
        try Self.withNewerReply { loop in
            try loop.get("k", "a")
            #expect(try loop.asked() == "*1 $4 PING ")
            #expect(try loop.answered() == "")
            loop.invalidate("k")
            loop.answerBarrier()
            try loop.serve("+PONG\r\n")
            #expect(try loop.asked() == "", "both have been asked for")
            try loop.serve("$3\r\nnew\r\n:-1\r\n$1\r\n1\r\n:-1\r\n")
            #expect(try loop.answered() == "$3 new $1 1 ")
        }
    }

    @Test("a fetch under way may be older: it is not joined before a barrier, and there is no second one")
    func underWay() throws {
        try Self.withNewerReply { loop in
            let older = try #require(loop.begin("a"))
            try loop.get("a")
            #expect(try loop.asked() == "*1 $4 PING ")
            loop.end(older, "of then")
            #expect(try loop.answered() == "")
            loop.answerBarrier()
            try loop.serve("+PONG\r\n")
            #expect(try loop.answered() == "$7 of then ", "nothing has been announced, so it still stands")
        }
    }

    @Test(
        "where the cache holds nothing, and nothing is fetched, the reply to what may have written anything is not held"
    )
    func nothingToProve() throws {
        let loop = try LoopUnderTest()
        defer { loop.finish() }
        loop.trust(true)
        // The table does not know it.
        func run() throws {
            try loop.send("EVAL", "x", "0")
            #expect(try loop.serveElsewhere("*3 $4 EVAL $1 x $1 0 ", ":1\r\n"))
        }
        try run()
        #expect(try loop.answered() == ":1 ")
        let fetch = try #require(loop.begin("k"))
        try run()
        #expect(try loop.answered() == "", "it may bring something older")
        loop.end(fetch, "old")
        loop.answerBarrier()
        #expect(try loop.answered() == ":1 ")
        try run()
        #expect(try loop.answered() == "")
        loop.answerBarrier()
        #expect(try loop.answered() == ":1 ")
    }
}
