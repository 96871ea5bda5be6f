import TestSupport
import Testing

@Suite("a server at its memory limit", .blocking)
struct OutOfMemoryTests {
    @Test("it refuses writes and answers reads", arguments: ["0", "1000"])
    func readsAtTheLimit(capacity: String) throws {
        let redis = try ProxiedRedis(["CACHE_CAPACITY": capacity])
        let model = try RedisServer()
        for server in [redis.server, model] {
            try server.command("SET", "k", "v")
            try server.command("CONFIG", "SET", "maxmemory", "1")
        }
        let script = "GET k\r\nGET nosuch\r\nSET k w\r\nGET k\r\nSTRLEN k\r\n"
        try compareAnswers(to: script, redis.connection(), RawConnection(port: model.port))
    }
}
