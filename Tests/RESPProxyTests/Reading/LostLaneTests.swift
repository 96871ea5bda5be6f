import Testing

@testable import RESPProxy

@Suite("What becomes of reads whose fill connection is lost")
struct LostLaneTests {
    private static let askA = "*2 $3 GET $1 a "
    private static let askB = "*2 $3 GET $1 b "

    private static func with(limit: Int?, _ body: (LoopUnderTest) throws -> Void) throws {
        let loop = try LoopUnderTest()
        defer { loop.finish() }
        loop.trust(true)
        if let limit { loop.limitReplies(to: limit) }
        try body(loop)
    }

    @Test(
        "where the server ends connections for long replies, a session asks on a connection of its own, once and in order"
    )
    func asksAlone() throws {
        try Self.with(limit: 1 << 20) { loop in
            try loop.get("a", "b")
            try loop.loseLane()
            #expect(try loop.answered() == "")
            #expect(try loop.serveElsewhere(Self.askA + Self.askB, "$1\r\n1\r\n$1\r\n2\r\n"))
            #expect(try loop.answered() == "$1 1 $1 2 ")
            #expect(try loop.serveElsewhere(Self.askA, "") == false)
            #expect(loop.cache.statistics.entries == 0, "nothing is kept")
        }
    }

    @Test("what was answered before stays, and only what was not is asked again")
    func answeredInPart() throws {
        try Self.with(limit: 1 << 20) { loop in
            try loop.get("a", "b")
            try loop.serve("$1\r\n1\r\n:-1\r\n$1\r\n")
            #expect(try loop.answered() == "$1 1 ")
            try loop.loseLane()
            #expect(try loop.serveElsewhere(Self.askB, "$1\r\n2\r\n"))
            #expect(try loop.answered() == "$1 2 ")
        }
    }

    @Test("what is read until there is another fill connection is asked for alone, too")
    func meanwhile() throws {
        try Self.with(limit: 1 << 20) { loop in
            try loop.loseLane()
            try loop.get("a")
            #expect(try loop.serveElsewhere(Self.askA, "$-1\r\n"))
            #expect(try loop.answered() == "$-1 ")
        }
    }

    @Test("where it does not, the loss is an error")
    func isError() throws {
        try Self.with(limit: nil) { loop in
            try loop.get("a")
            try loop.loseLane()
            #expect(try loop.answered().hasPrefix("-ERR redis-proxy: the backing Redis at localhost:6379 closed"))
            #expect(try loop.serveElsewhere(Self.askA, "") == false)
        }
    }
}
