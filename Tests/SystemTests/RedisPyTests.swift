import Foundation
import TestSupport
import Testing

@Suite("a default redis-py 8 client", .blocking)
struct RedisPyTests {
    @Test("it sends HELLO 3 on every connection, and finds everything as with Redis itself")
    func defaultClient() throws {
        let redis = try self.play("default_client.py")
        #expect(try redis.server.calls(of: "hello") > 0, "this client does say HELLO 3")
    }

    @Test("transactions, subscriptions, blocking pops and pipelines, synchronous and asyncio, protocol 2 and 3")
    func sessions() throws {
        _ = try self.play("sessions.py")
    }

    /// Plays a script against a proxy of its own, and expects that it is content.
    private func play(_ name: String) throws -> ProxiedRedis {
        let python = try #require(
            ProcessInfo.processInfo.environment["REDIS_PY_PYTHON"],
            "REDIS_PY_PYTHON must name a Python with redis 8: `make test` sets it")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Python/\(name)").path
        let redis = try ProxiedRedis()
        let result = try run(python, [script, "\(redis.proxy.port)"])
        #expect(result.output == "done\n")
        #expect(result.errors == "")
        #expect(result.ending == .exited(0))
        return redis
    }
}
