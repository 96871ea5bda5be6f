import NIOCore
import Testing

@testable import BackingClient

@Suite("What is said first on the proxy's own connections")
struct LogInTests {
    private static func words(_ logIn: LogIn) -> [[String]] {
        logIn.commands.map { $0.map { String(decoding: $0, as: UTF8.self) } }
    }

    private static func error(_ text: String) -> BackingReply { .error(Array(text.utf8)) }

    @Test("who we are, the version of the protocol, and the database, where it is not the one of a new connection")
    func commands() {
        #expect(Self.words(LogIn(nil)) == [])
        #expect(LogIn(nil).isDone)
        #expect(Self.words(LogIn(.text(nil, "p"))) == [["AUTH", "p"]])
        #expect(Self.words(LogIn(.text("u", "p"), database: 3)) == [["AUTH", "u", "p"], ["SELECT", "3"]])
        #expect(
            Self.words(LogIn(.text(nil, "p"), version: .resp3, database: 3))
                == [["AUTH", "p"], ["HELLO", "3"], ["SELECT", "3"]])
    }

    @Test("it is done when all of it was agreed to")
    func success() {
        var logIn = LogIn(.text(nil, "p"), database: 3)
        #expect(logIn.received(.ok) == .goesOn)
        #expect(!logIn.isDone)
        #expect(logIn.received(.ok) == .goesOn)
        #expect(logIn.isDone)
    }

    @Test("a refusal is told in the server's words, but never with the password")
    func refusals() {
        var wrong = LogIn(.text(nil, "p"))
        #expect(wrong.received(Self.error("WRONGPASS no")) == .refused(Array("WRONGPASS no".utf8)))
        var echo = LogIn(.text(nil, "hunter2"))
        #expect(
            echo.received(Self.error("ERR unknown command 'AUTH', with args beginning with: 'hunter2' "))
                == .refused(Array("ERR unknown command 'AUTH'".utf8)))
        var selection = LogIn(nil, database: 99)
        #expect(selection.received(Self.error("ERR DB index")) == .refused(Array("ERR DB index".utf8)))
    }

    @Test("anything else is no reply to it")
    func violations() {
        for reply in [BackingReply.null, .integer(1), .otherStatus] {
            var logIn = LogIn(.text(nil, "p"))
            guard case .violation = logIn.received(reply) else {
                Issue.record("taken for an answer")
                continue
            }
        }
    }
}
