import Testing

@testable import RESPProxy

@Suite("what a relayed command may write")
struct WriteEffectTests {
    private let table: CommandTable

    init() throws {
        table = try .ofRedis7()
    }

    private func effect(_ command: CommandView) -> WriteEffect { WriteEffect(of: command, table.entry(for: command)) }
    private func keys(_ names: String...) -> WriteEffect { .keys(names.map { Array($0.utf8) }) }

    @Test("keys are taken from where the server's table says they stand")
    func positions() {
        #expect(effect(CommandView("SET", "k", "v", "EX", "10")) == keys("k"))
        #expect(effect(CommandView("del", "a", "b", "c")) == keys("a", "b", "c"))
        #expect(effect(CommandView("MSET", "a", "1", "b", "2")) == keys("a", "b"))
        #expect(effect(CommandView("BLPOP", "a", "b", "0")) == keys("a", "b"))
    }

    @Test("a read writes nothing, except PFCOUNT, which may rewrite what it reads")
    func reads() {
        #expect(effect(CommandView("GET", "k")) == .none)
        #expect(effect(CommandView("PFCOUNT", "h")) == keys("h"))
        #expect(effect(CommandView("PING")) == .none)
        #expect(effect(CommandView("INFO")) == .none)
        #expect(effect(CommandView("CONFIG", "GET", "maxmemory")) == .none)
    }

    @Test(
        "what may write keys that it does not tell counts as a write of unknown keys",
        arguments: ["EVAL", "SORT", "NOSUCH"])
    func unknownKeys(name: String) {
        #expect(effect(CommandView(name, "x", "y")) == .unknownKeys)
    }

    @Test(
        "what writes more than the server may announce counts as a write of everything",
        arguments: ["FLUSHALL", "DEBUG"])
    func everything(name: String) {
        #expect(effect(CommandView(name, "x", "y")) == .everything)
    }

    @Test("without the table every command is a write of everything, but for those of the protocol itself")
    func noTable() {
        #expect(WriteEffect(of: CommandView("SET", "k", "v"), .noTable) == .everything)
        #expect(WriteEffect(of: CommandView("GET", "k"), .noTable) == .everything)
        #expect(WriteEffect(of: CommandView("HELLO", "3"), .noTable) == .none)
    }

    @Test("a large command that is still being received tells its keys only if they have all come")
    func unfinished() {
        #expect(effect(CommandView("SET", "k", announced: 3)) == keys("k"))
        #expect(effect(CommandView("SET", announced: 3)) == .unknownKeys)
        #expect(effect(CommandView("MSET", "a", "1", announced: 5)) == .unknownKeys)
    }

    @Test("a command with too few arguments for its keys writes none")
    func tooFew() {
        #expect(effect(CommandView("SET")) == .none)
    }
}
