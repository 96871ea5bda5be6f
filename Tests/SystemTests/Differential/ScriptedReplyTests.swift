import TestSupport
import Testing

@Suite("replies that no command of the server gives, but a script can, come through", .blocking)
struct ScriptedReplyTests {
    /// Followed by a command each, whose reply must come too.
    static let scripts = [
        "EVAL \"local a = {}; local b = {a}; a[1] = b; return a\" 0\r\nPING\r\n",
        "HELLO 3\r\nEVAL \"return {big_number='123\\\\r\\\\n123'}\" 0\r\nPING\r\n",
    ]

    @Test("arrays nested as deep as the server lets them, and big numbers that are none", arguments: Self.scripts)
    func scriptedReply(script: String) throws {
        let redis = try ProxiedRedis()
        let model = try RedisServer()
        try compareAnswers(to: script, redis.connection(), RawConnection(port: model.port))
    }
}
