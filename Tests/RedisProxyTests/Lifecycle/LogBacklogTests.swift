import Testing

@testable import RedisProxy

@Suite("Log records that wait to be written")
struct LogBacklogTests {
    @Test("what fits is kept in order, the rest is counted until that is told, and for good")
    func limit() {
        var backlog = LogBacklog(limit: 6)
        #expect(backlog.isEmpty)
        for record in ["one\n", "three\n", "2\n", "\n"] { backlog.add(record) }
        #expect(!backlog.isEmpty)
        let first = backlog.take()
        #expect(String(decoding: first.bytes, as: UTF8.self) == "one\n2\n")
        #expect(first.records == 2)
        #expect(first.dropped == 2)
        #expect(backlog.isEmpty)
        backlog.add("again\n")
        #expect(backlog.take().dropped == 0)
        #expect(backlog.dropped == 2)
        backlog.drop(3)
        #expect(backlog.isEmpty)
        #expect(backlog.take().dropped == 3)
        #expect(backlog.dropped == 5)
    }
}
