import Testing

@testable import RESPProxy

@Suite("what a command changes about its session")
struct StateChangeTests {
    private let table: CommandTable

    init() throws {
        table = try .ofRedis7()
    }

    private func change(_ command: CommandView) -> StateChange { StateChange(of: command, table.entry(for: command)) }

    @Test("AUTH with one argument is the default user's")
    func authenticate() {
        #expect(change(CommandView("AUTH", "pw")) == .authenticate(user: Array("default".utf8)))
        #expect(change(CommandView("AUTH", "bob", "pw")) == .authenticate(user: Array("bob".utf8)))
    }

    @Test("HELLO's options are read in any order")
    func hello() {
        #expect(change(CommandView("HELLO")) == .hello(version: nil, user: nil, setsName: false))
        #expect(
            change(CommandView("HELLO", "3", "SETNAME", "x", "AUTH", "bob", "pw"))
                == .hello(version: 3, user: Array("bob".utf8), setsName: true))
    }

    @Test("a log-in that is passed on before its arguments are there is not understood")
    func unfinished() {
        #expect(change(CommandView("AUTH", "bob", announced: 3)) == .unknown)
        #expect(change(CommandView("HELLO", "2", "AUTH", "bob", announced: 5)) == .unknown)
        #expect(change(CommandView("SET", "k", announced: 3)) == .none)
    }
}
