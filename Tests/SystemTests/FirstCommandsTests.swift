import TestSupport
import Testing

@Suite("the commands that the README begins with", .blocking)
struct FirstCommandsTests {
    @Test("SET and GET with redis-cli, then the same value from the cache with curl")
    func firstCommands() throws {
        let redis = try ProxiedRedis.byExpiry()
        #expect(try redisCLI(port: redis.proxy.port, "SET", "greeting", "hello") == "OK")
        #expect(try redisCLI(port: redis.proxy.port, "GET", "greeting") == "hello")
        let hit = try redis.http.get("/greeting")
        #expect(hit.status == 200)
        #expect(hit["x-cache"] == "HIT")
        #expect(hit.text == #"{"key":"greeting","value":"hello"}"#)
        let absent = try redis.http.get("/nosuch")
        #expect(absent.status == 204)
        #expect(absent.body.isEmpty)
    }

    @Test("the write reaches the backing Redis itself")
    func writesAreRelayed() throws {
        let redis = try ProxiedRedis.byExpiry()
        #expect(try redisCLI(port: redis.proxy.port, "SET", "greeting", "hello") == "OK")
        #expect(try redis.server.command("GET", "greeting") == .text("hello"))
    }

    @Test("redis-benchmark's GET and SET run through without an error")
    func benchmark() throws {
        let redis = try ProxiedRedis.byExpiry()
        let arguments = "-t get,set -n 20000 -c 50 -P 16 -r 1000 -q --csv".split(separator: " ").map(String.init)
        let result = try run("redis-benchmark", TLSRun.redisArguments(port: redis.proxy.port) + arguments)
        #expect(result.ending == .exited(0))
        #expect(!(result.output + result.errors).lowercased().contains("error"))
        #expect(result.output.contains("\"SET\"") && result.output.contains("\"GET\""))
    }

    @Test("one line on standard error says where it listens and what it fronts")
    func startLine() throws {
        let redis = try ProxiedRedis.byExpiry(["MAX_CONNECTIONS": "100"])
        let client = try redis.client()
        try client.command("SET", "k", "v")
        try client.command("GET", "k")
        _ = try redis.http.get("/k")
        try eventually("the line") { redis.proxy.log.contains(":\(redis.proxy.port)") }
        let lines = redis.proxy.log.split(separator: "\n")
        #expect(lines.count == 1, "nothing more is logged in steady state: \(lines)")
        #expect(lines.first?.contains(":\(redis.server.backingPort)") == true)
    }

    @Test("a backing on a Unix socket")
    func unixSocket() throws {
        let server = try RedisServer(unixSocket: true)
        let proxy = try ProxyProcess(fronting: server, environment: ["CACHE_COHERENCE": "expiry"])
        let client = try proxy.client()
        #expect(try client.command("SET", "k", "v") == .status("OK"))
        #expect(try client.command("GET", "k") == .text("v"))
        #expect(try proxy.http.get("/k")["x-cache"] == "HIT")
    }
}
