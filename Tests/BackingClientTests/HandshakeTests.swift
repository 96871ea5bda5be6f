import NIOCore
import Testing

@testable import BackingClient

@Suite("The handshake of a fill connection")
struct HandshakeTests {
    private static func configuration(password: String? = nil, username: String? = nil, database: Int = 0)
        -> BackingConfiguration
    {
        BackingConfiguration(
            address: .tcp(host: "localhost", port: 6379), username: username,
            password: password.map { Array($0.utf8) }, database: database)
    }

    private static func words(_ handshake: Handshake) -> [[String]] {
        handshake.commands.map { $0.map { String(decoding: $0, as: UTF8.self) } }
    }

    private static func error(_ text: String) -> BackingReply { .error(Array(text.utf8)) }

    private static let ok = BackingReply.ok

    @Test("only what is needed is said")
    func commands() {
        #expect(Self.words(Handshake(Self.configuration())) == [["COMMAND"]])
        #expect(
            Self.words(Handshake(Self.configuration(password: "p", username: "u", database: 3)))
                == [["AUTH", "u", "p"], ["SELECT", "3"], ["COMMAND"]])
        #expect(Self.words(Handshake(Self.configuration(password: "p"))) == [["AUTH", "p"], ["COMMAND"]])
    }

    @Test("it ends with the command table")
    func success() {
        var handshake = Handshake(Self.configuration(password: "p", database: 3))
        #expect(!handshake.expectsCommandTable)
        #expect(handshake.received(Self.ok) == .goesOn)
        #expect(handshake.received(Self.ok) == .goesOn)
        #expect(handshake.expectsCommandTable)
        #expect(handshake.received(.raw(.text("*0\r\n"))) == .done(commandTable: .text("*0\r\n")))
    }

    @Test("a refused AUTH or SELECT ends it with the server's words")
    func refusals() {
        var login = Handshake(Self.configuration(password: "p"))
        #expect(login.received(Self.error("WRONGPASS no")) == .refused(Array("WRONGPASS no".utf8)))
        var selection = Handshake(Self.configuration(database: 99))
        #expect(selection.received(Self.error("ERR DB index")) == .refused(Array("ERR DB index".utf8)))
    }

    @Test("a server that repeats the password does not get it into an error")
    func echo() {
        var login = Handshake(Self.configuration(password: "hunter2"))
        let progress = login.received(
            Self.error("ERR unknown command 'AUTH', with args beginning with: 'hunter2' "))
        #expect(progress == .refused(Array("ERR unknown command 'AUTH'".utf8)))
    }

    @Test("a lane without the command table is better than none, unless the server says to come back later")
    func withoutTable() {
        let configuration = Self.configuration()
        for text in ["NOAUTH Authentication required.", "NOPERM command", "ERR unknown command"] {
            var handshake = Handshake(configuration)
            #expect(handshake.received(.raw(.text("-\(text)\r\n"))) == .done(commandTable: nil))
        }
        for text in ["LOADING Redis is loading", "BUSY Redis is busy", "ERR max number of clients reached"] {
            var handshake = Handshake(configuration)
            #expect(handshake.received(.raw(.text("-\(text)\r\n"))) == .refused(Array(text.utf8)))
        }
    }
}
