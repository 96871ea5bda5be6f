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
            for text in ProtocolErrors.all + ProtocolErrors.endless + behindOthers {
                try compareAnswers(to: hello + text, redis.connection(), RawConnection(port: model.port))
                comparisons += 1
            }
            #expect(try redis.server.command("GET", "k") == model.command("GET", "k"))
        }
        print("differential, protocol errors: \(comparisons) answers compared")
    }

    @Test("what may not be sent before the login is refused before it, and accepted behind it")
    func beforeLogin() throws {
        let redis = try ProxiedRedis(["REDIS_PASSWORD": "secret"], password: "secret")
        let model = try RedisServer(password: "secret")
        for text in ProtocolErrors.beforeLogin
        where !(ServerProgram.current.swallowsFailedLogins && text.contains("AUTH wrong")) {
            try compareAnswers(to: text, redis.connection(), RawConnection(port: model.port))
        }
    }

    @Test("after RESET on a server with a password the limits before the login hold again")
    func afterLogout() throws {
        let redis = try ProxiedRedis(["REDIS_PASSWORD": "secret"], password: "secret")
        let model = try RedisServer(password: "secret")
        try compareAnswers(to: ProtocolErrors.afterLogout, redis.connection(), RawConnection(port: model.port))
    }
}
