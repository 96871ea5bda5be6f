import Testing

@testable import RESPProxy

@Suite("A session is never given a key out of the cache that is older than what it was given past it")
struct NewerThanCacheTests {
    private static let ask = "*2 $3 GET $1 k *2 $4 PTTL $1 k "
    private static let new = "$3\r\nnew\r\n:-1\r\n"

    private static func with(_ body: (LoopUnderTest) throws -> Void) throws {
        let loop = try LoopUnderTest()
        defer { loop.finish() }
        loop.trust(true)
        try body(loop)
    }

    @Test("a read that was kept needs no barrier behind it")
    func kept() throws {
        try Self.with { loop in
            try loop.get("k")
            #expect(try loop.asked() == Self.ask)
            try loop.serve(Self.new)
            #expect(try loop.answered() == "$3 new ")
            try loop.get("k")
            #expect(try loop.answered() == "$3 new ", "a hit at once")
            #expect(try loop.asked() == "")
        }
    }

    @Test("behind a read past the cache, which is believed again by then, a hit waits for a barrier")
    func past() throws {
        try Self.with { loop in
            loop.cache("k", "old")
            loop.trust(false)
            try loop.get("k")
            #expect(try loop.asked() == Self.ask)
            try loop.serve(Self.new)
            #expect(try loop.answered() == "$3 new ")
            loop.trust(true)
            try loop.get("k")
            #expect(try loop.answered() == "", "the cache still has the old one")
            loop.invalidate("k")
            loop.answerBarrier()
            #expect(try loop.asked().hasSuffix(Self.ask))
            try loop.serve("+PONG\r\n" + Self.new)
            #expect(try loop.answered() == "$3 new ")
        }
    }

    @Test("as long as the cache is not believed, nobody waits for it")
    func silent() throws {
        try Self.with { loop in
            loop.cache("k", "old")
            loop.trust(false)
            for _ in 0..<2 {
                try loop.get("k")
                #expect(try loop.asked() == Self.ask)
                try loop.serve(Self.new)
                #expect(try loop.answered() == "$3 new ")
            }
        }
    }

    @Test("while a read past the cache is under way, a hit is not even queued behind it")
    func queued() throws {
        try Self.with { loop in
            loop.cache("k", "old")
            loop.trust(false)
            try loop.get("k")
            #expect(try loop.asked() == Self.ask)
            loop.trust(true)
            try loop.get("k")
            try loop.serve(Self.new)
            #expect(try loop.answered() == "$3 new ")
            loop.invalidate("k")
            loop.answerBarrier()
            #expect(try loop.asked().hasSuffix(Self.ask))
        }
    }

    @Test("behind a read that was announced as changed while it was under way, likewise")
    func voided() throws {
        try Self.with { loop in
            try loop.get("k")
            #expect(try loop.asked() == Self.ask)
            loop.invalidate("k")
            // Read on another connection, before what has changed meanwhile.
            loop.cache("k", "old")
            try loop.serve(Self.new)
            #expect(try loop.answered() == "$3 new ")
            try loop.get("k")
            #expect(try loop.answered() == "", "what has changed meanwhile is still to be announced")
            loop.invalidate("k")
            loop.answerBarrier()
            #expect(try loop.asked().hasSuffix(Self.ask))
        }
    }
}
