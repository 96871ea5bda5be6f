import NIOCore
import NIOPosix
import TestSupport
import Testing
import Time

@testable import BackingClient

@Suite("Whether the server lets somebody in")
struct AccessTests {
    private static let address = BackingAddress.tcp(host: "localhost", port: 6379)
    private static let somebody = BackingCredentials.text("u", "p")

    private static func ask(
        _ port: Int, _ credentials: BackingCredentials?, within limit: TimeSpan = .seconds(30)
    ) async throws -> BackingConnector.Access {
        let connector = BackingConnector(
            configuration: .local(port: port).with { $0.commandTimeout = limit })
        return try await connector.checkAccess(credentials, on: MultiThreadedEventLoopGroup.singleton.next()).get()
    }

    private static func refused(_ text: String) -> BackingConnector.Access { .refused(Array(text.utf8)) }

    @Test("a real server, with a password and users")
    func server() async throws {
        let server = try RedisServer(password: "secret", users: ["reader on >word +get", "gone off >word +@all"])
        let wrong = Self.refused("WRONGPASS invalid username-password pair or user is disabled.")
        #expect(try await Self.ask(server.port, nil) == Self.refused("NOAUTH Authentication required."))
        #expect(try await Self.ask(server.port, .text(nil, "secret")) == .granted)
        #expect(try await Self.ask(server.port, .text(nil, "no")) == wrong)
        #expect(try await Self.ask(server.port, .text("default", "secret")) == .granted)
        // She may not PING, but she is in.
        #expect(try await Self.ask(server.port, .text("reader", "word")) == .granted)
        #expect(try await Self.ask(server.port, .text("gone", "word")) == wrong)
        try await until("no connection is left") { try server.info("connected_clients") == "1" }
    }

    @Test("a real server without a password")
    func open() async throws {
        let server = try RedisServer()
        #expect(try await Self.ask(server.port, nil) == .granted)
        guard case .refused(let text) = try await Self.ask(server.port, .text(nil, "p")) else {
            Issue.record("let in with a password that does not exist")
            return
        }
        #expect(String(decoding: text, as: UTF8.self).hasPrefix("ERR AUTH <password> called without any password"))
    }

    @Test("a server whose PING has another name is asked by a read", arguments: ["", "secret"])
    func renamedPing(password: String) async throws {
        let server = try RedisServer(
            arguments: ["--rename-command", "PING", "other-name"], password: password.isEmpty ? nil : password)
        let answer = try await Self.ask(server.port, nil)
        #expect(answer == (password.isEmpty ? .granted : Self.refused("NOAUTH Authentication required.")))
    }

    @Test("a server that cannot be asked is an error, not a refusal")
    func unreachable() async throws {
        let silent = try FakeServer { connection in _ = try connection.receiveToEnd() }
        let closing = try FakeServer { connection in _ = try connection.receive(through: "PING\r\n") }
        let garbage = try FakeServer { connection in
            try connection.send("HTTP/1.1 200 OK\r\n")
            _ = try connection.receiveToEnd()
        }
        let cases = [
            (try freePort(), BackingError.Code.unavailable), (silent.port, .timedOut), (closing.port, .unavailable),
            (garbage.port, .protocolViolation),
        ]
        for (port, code) in cases {
            let error = await #expect(throws: BackingError.self) {
                try await Self.ask(port, Self.somebody, within: code == .timedOut ? .milliseconds(100) : .seconds(30))
            }
            #expect(error?.code == code)
        }
    }

    @Test("errors that are not about who asks are failures; only a yes is a yes")
    func answers() {
        func ask(_ credentials: BackingCredentials?, _ replies: String...) -> OneShotProgress<BackingConnector.Access> {
            var logIn = LogIn(credentials)
            var question = AccessQuestion(isLoggedIn: credentials != nil, address: Self.address)
            var last = OneShotProgress<BackingConnector.Access>.goesOn
            for text in replies {
                let reply: BackingReply =
                    switch text {
                    case "OK": .ok
                    case "PONG": .otherStatus
                    default: .error(Array(text.utf8))
                    }
                if logIn.isDone {
                    last = question.received(reply)
                } else if case .refused(let text) = logIn.received(reply) {
                    last = question.wasRefused(text)
                }
            }
            return last
        }
        func failed(_ text: String) -> OneShotProgress<BackingConnector.Access> { .failed(.server(Array(text.utf8))) }

        #expect(ask(nil, "PONG") == .answered(.granted))
        #expect(ask(nil, "NOPERM ping") == .answered(Self.refused("NOPERM ping")))
        #expect(
            ask(nil, "DENIED Redis is running in protected mode")
                == .answered(Self.refused("DENIED Redis is running in protected mode")))
        #expect(ask(nil, "LOADING Redis") == failed("LOADING Redis"))
        let unknown = "ERR unknown command 'PING'"
        #expect(ask(nil, unknown) == .asks([Array("GET".utf8), Array("redis-proxy".utf8)]))
        #expect(
            ask(nil, unknown, "NOAUTH Authentication required.")
                == .answered(Self.refused("NOAUTH Authentication required.")))
        #expect(
            ask(nil, unknown, "NOPERM no permissions to run the 'get' command")
                == .answered(Self.refused("NOPERM no permissions to run the 'get' command")))
        #expect(ask(nil, unknown, "NOPERM No permissions to access a key") == .answered(.granted))
        #expect(ask(nil, unknown, "WRONGTYPE Operation") == .answered(.granted))
        #expect(ask(nil, unknown, "LOADING Redis") == failed("LOADING Redis"))
        #expect(ask(nil, unknown, "ERR unknown command 'GET'") == failed("ERR unknown command 'GET'"))
        #expect(ask(Self.somebody, "OK") == .goesOn)
        #expect(ask(Self.somebody, "OK", "LOADING Redis") == .answered(.granted))
        #expect(ask(Self.somebody, "WRONGPASS no") == .answered(Self.refused("WRONGPASS no")))
        #expect(ask(Self.somebody, "ERR max number of clients reached") == failed("ERR max number of clients reached"))
        #expect(
            ask(Self.somebody, "ERR unknown command 'AUTH', with args beginning with: 'u' 'p' ")
                == failed("ERR unknown command 'AUTH'"))
    }

    @Test("no description of credentials shows the password")
    func redaction() {
        let credentials = BackingCredentials.text("u", "hunter2")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] { #expect(!text.contains("hunter2")) }
    }
}
