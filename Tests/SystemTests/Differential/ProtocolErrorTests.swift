import TestSupport
import Testing

@Suite("what is not a command is answered as by the server itself", .blocking)
struct ProtocolErrorTests {
    @Test("every protocol error, alone and behind good commands, under both protocol versions")
    func everyError() throws {
        var comparisons = 0
        let redis = try ProxiedRedis()
        let model = try RedisServer()
        for hello in ["", "HELLO 2\r\n", "HELLO 3\r\n"] {
            let behindOthers =
                ProtocolErrors.all.map { ProtocolErrors.prefix + $0 + ProtocolErrors.suffix }
                + ProtocolErrors.endless.map { ProtocolErrors.prefix + $0 }
            let isTold = !ServerProgram.current.swallowsProtocolErrors
            // A HELLO is a command before them as well.
            let alone = isTold || hello.isEmpty ? ProtocolErrors.all + ProtocolErrors.endless : []
            for text in alone + (isTold ? behindOthers : []) {
                try compareAnswers(to: hello + text, redis.connection(), RawConnection(port: model.port))
                comparisons += 1
            }
            #expect(try redis.server.command("GET", "k") == model.command("GET", "k"))
        }
        print("differential, protocol errors: \(comparisons) answers compared")
    }

    @Test(
        "what may not be sent before the login is refused before it, and accepted behind it",
        .enabled(if: ServerProgram.current.limitsAnonymousClients, .noAnonymousLimits))
    func beforeLogin() throws {
        let redis = try ProxiedRedis(["REDIS_PASSWORD": "secret"], password: "secret")
        let model = try RedisServer(password: "secret")
        try awaitLimits(redis, model)
        for text in ProtocolErrors.beforeLogin
        where !(ServerProgram.current.swallowsFailedLogins && text.contains("AUTH wrong")) {
            try compareAnswers(to: text, redis.connection(), RawConnection(port: model.port))
        }
    }

    /// Waits until each event loop of the proxy knows that the server asks for a password.
    private func awaitLimits(_ redis: ProxiedRedis, _ model: RedisServer) throws {
        let expected = try answers(to: Array("*11\r\n".utf8), on: RawConnection(port: model.port))
        try eventually("it has the limits of the server") {
            try (0..<8).allSatisfy { _ in try answers(to: Array("*11\r\n".utf8), on: redis.connection()) == expected }
        }
    }

    @Test(
        "after RESET on a server with a password the limits before the login hold again",
        .enabled(if: ServerProgram.current.limitsAnonymousClients, .noAnonymousLimits),
        .enabled(if: !ServerProgram.current.swallowsProtocolErrors, .swallowedErrors))
    func afterLogout() throws {
        let redis = try ProxiedRedis(["REDIS_PASSWORD": "secret"], password: "secret")
        let model = try RedisServer(password: "secret")
        try awaitLimits(redis, model)
        try compareAnswers(to: ProtocolErrors.afterLogout, redis.connection(), RawConnection(port: model.port))
    }
}
