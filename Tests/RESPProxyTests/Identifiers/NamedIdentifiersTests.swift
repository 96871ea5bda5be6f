import NIOCore
import Testing

@testable import RESPProxy

@Suite("commands that name clients by their ids")
struct NamedIdentifiersTests {
    private static let own = "4503599627370497"

    @Test(
        "an id of ours is found where an id can stand",
        arguments: [
            "CLIENT UNBLOCK ID!", "client unblock ID! ERROR", "CLIENT KILL ID ID!",
            "CLIENT KILL TYPE normal id ID! SKIPME no",
            "CLIENT KILL NOT-ID ID!", "CLIENT KILL ID 3 ID! 4", "CLIENT LIST ID 3 ID!",
            "CLIENT LIST TYPE normal NOT-ID ID!",
            "CLIENT TRACKING ON REDIRECT ID!", "CLIENT TRACKING ON BCAST redirect ID! PREFIX x",
        ])
    func found(line: String) {
        let command = CommandView(line: line.replacing("ID!", with: Self.own))
        #expect(Array(command.namedIdentifiers.values) == [4_503_599_627_370_497])
        let encoded = command.encoded(replacing: [4_503_599_627_370_497: 7])
        #expect(encoded == CommandView(line: line.replacing("ID!", with: "7")).buffer)
    }

    @Test(
        "and nothing else is taken for one",
        arguments: [
            "CLIENT UNBLOCK 7", "CLIENT KILL ID 7", "CLIENT KILL USER ID!", "CLIENT KILL ID!", "CLIENT SETNAME ID!",
            "CLIENT TRACKING ON BCAST PREFIX ID!", "CLIENT NO-EVICT ID!", "SET ID ID!", "CLIENT KILL ID x ID!",
            "CLIENT",
            "CLIENT KILL", "CLIENT UNBLOCK",
        ])
    func notFound(line: String) {
        #expect(CommandView(line: line.replacing("ID!", with: Self.own)).namedIdentifiers.isEmpty)
    }
}
