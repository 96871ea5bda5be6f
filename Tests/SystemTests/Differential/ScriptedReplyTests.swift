import TestSupport
import Testing

@Suite("replies that no command of the server gives, but a script can, come through", .blocking)
struct ScriptedReplyTests {
    /// Followed by a command each, whose reply must come too.
    static let scripts = [
        "HELLO 3\r\nEVAL \"return {big_number='123\\\\r\\\\n123'}\" 0\r\nPING\r\n",
        "EVAL \"local a = {}; local b = {a}; a[1] = b; return a\" 0\r\nPING\r\n",
    ]

    @Test(
        "arrays nested as deep as the server lets them, and big numbers that are none",
        // Redis before 6.2.6 does not end the second reply.
        arguments: Self.scripts.prefix(ServerProgram.current.isSince(redis: [6, 2, 6]) ? 2 : 1))
    func scriptedReply(script: String) throws {
        let redis = try ProxiedRedis()
        let model = try RedisServer()
        try compareAnswers(to: script, redis.connection(), RawConnection(port: model.port))
    }
}
