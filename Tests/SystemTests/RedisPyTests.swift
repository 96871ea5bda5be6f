import Foundation
import TestSupport
import Testing

@Suite("a default redis-py 8 client", .blocking)
struct RedisPyTests {
    @Test("it sends HELLO 3 on every connection, and finds everything as with Redis itself")
    func defaultClient() throws {
        let python = try #require(
            ProcessInfo.processInfo.environment["REDIS_PY_PYTHON"],
            "REDIS_PY_PYTHON must name a Python with redis 8: `make test` sets it")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Python/default_client.py").path
        let redis = try ProxiedRedis()
        let result = try run(python, [script, "\(redis.proxy.port)"])
        #expect(result.output == "done\n")
        #expect(result.errors == "")
        #expect(result.ending == .exited(0))
        #expect(try redis.server.calls(of: "hello") > 0, "this client does say HELLO 3")
    }
}
