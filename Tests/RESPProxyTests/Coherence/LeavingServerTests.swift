import NIOCore
import Testing

@testable import RESPProxy

@Suite("When the server is another")
struct LeavingServerTests {
    @Test(
        "nothing of the one before is served while its connections are closed, and what still comes of it is forgotten")
    func nothingIsLeft() throws {
        let loop = try LoopUnderTest()
        defer { loop.finish() }
        loop.trust(true)
        loop.cache("k", "old")
        try loop.get("k")
        #expect(try loop.answered() == "$3 old ")
        let closed = loop.leaveServer()
        #expect(loop.cache.statistics.entries == 0)
        loop.cache("late", "old")
        try loop.get("late")
        #expect(try loop.answered() == "", "the cache counts for nothing")
        #expect(loop.cache.statistics.entries == 1)
        closed.succeed()
        #expect(loop.cache.statistics.entries == 0)
    }

    @Test("what waits for its next attempt to connect makes it as soon as the next server is found")
    func hurries() throws {
        let loop = try LoopUnderTest()
        defer { loop.finish() }
        loop.refusesConnections = true
        try loop.loseLane()
        _ = loop.connections()
        loop.refusesConnections = false
        let before = loop.connections()
        #expect(loop.connections() == before)
        loop.serverIsFound()
        #expect(loop.connections() == before + 1)
    }
}
