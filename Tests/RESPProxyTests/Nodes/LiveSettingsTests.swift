import LocalCache
import NIOCore
import Testing
import Time

@testable import RESPProxy

@Suite("Settings that change while the proxy runs")
struct LiveSettingsTests {
    private static func ask(_ key: String) -> String { "*2 $3 GET $1 \(key) *2 $4 PTTL $1 \(key) " }

    private static func with(_ body: (LoopUnderTest) throws -> Void) throws {
        let loop = try LoopUnderTest()
        defer { loop.finish() }
        loop.trust(true)
        try body(loop)
    }

    @Test("what other prefixes leave out is asked of the server, and what they let in is kept")
    func prefixes() throws {
        try Self.with { loop in
            loop.cache("a", "1")
            loop.cache("b", "2")
            try loop.get("a", "b")
            #expect(try loop.answered() == "$1 1 $1 2 ")
            try loop.apply { $0.cachePrefixes = [Array("b".utf8)] }
            try loop.get("b")
            #expect(try loop.answered() == "$1 2 ")
            try loop.get("a")
            #expect(try loop.asked() == Self.ask("a"))
            try loop.serve("$1\r\n3\r\n:-1\r\n")
            #expect(try loop.answered() == "$1 3 ")
        }
    }

    @Test("the cache of all loops takes other limits")
    func limits() throws {
        try Self.with { loop in
            for key in ["a", "b", "c"] { loop.cache(key, "1") }
            try loop.apply { $0.cache.capacity = 1 }
            #expect(loop.cache.statistics.entries == 1)
        }
    }

    @Test("for how long it is kept that a key is absent", arguments: [TimeSpan.seconds(10), .zero])
    func absence(lifetime: TimeSpan) throws {
        try Self.with { loop in
            try loop.apply { $0.absenceExpiry = lifetime }
            try loop.get("k")
            _ = try loop.asked()
            try loop.serve("$-1\r\n:-2\r\n")
            #expect(try loop.answered() == "$-1 ")
            try loop.get("k")
            #expect(try loop.asked() == (lifetime == .zero ? Self.ask("k") : ""))
        }
    }

    @Test("who is let in from beyond this machine")
    func protectedMode() throws {
        try Self.with { loop in
            #expect(!loop.deniesRemoteClients)
            try loop.apply { $0.protectedMode = true }
            #expect(loop.deniesRemoteClients)
            try loop.apply { $0.protectedMode = false }
            #expect(!loop.deniesRemoteClients)
        }
    }

    @Test("the places of clients are as many as were said last")
    func connections() {
        let limit = ConnectionLimit(maximum: 1)
        #expect(limit.take())
        #expect(!limit.take())
        limit.change(to: 2)
        #expect(limit.take())
        #expect(!limit.take())
        limit.change(to: 0)
        limit.giveBack()
        #expect(!limit.take())
        #expect(limit.count == 1)
    }
}
