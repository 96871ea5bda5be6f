import TestSupport
import Testing

@Suite("Redis' own tools work through the proxy as they do straight", .blocking)
struct RedisToolsTests {
    /// What a tool prints straight and through the proxy, on the same data.
    private func outputs(
        _ redis: ProxiedRedis, _ arguments: [String], input: String = ""
    ) throws -> [String] {
        try [redis.server.port, redis.proxy.port].map { port in
            let result = try run("redis-cli", TLSRun.redisArguments(port: port) + arguments, input: Array(input.utf8))
            #expect(result.ending == .exited(0), "\(result.output)\(result.errors)")
            return result.output
        }
    }

    private func filled() throws -> ProxiedRedis {
        let redis = try ProxiedRedis()
        for index in 0..<100 { try redis.server.command("SET", "k\(index)", String(repeating: "x", count: index)) }
        try redis.server.command("RPUSH", "list", "1", "2", "3")
        try redis.server.command("HSET", "hash", "f", "v")
        return redis
    }

    @Test("redis-cli with its commands on standard input", arguments: [[], ["-3"]])
    func standardInput(options: [String]) throws {
        let input = """
            SET a 1
            GET a
            MULTI
            INCR a
            GET a
            EXEC
            SELECT 3
            GET a
            SELECT 0
            HGETALL hash
            NOSUCH
            DEL a
            GET a
            EVAL "return {1,'two'}" 0

            """
        let outputs = try self.outputs(self.filled(), options, input: input)
        #expect(outputs[1] == outputs[0])
        #expect(outputs[0].contains("QUEUED"))
    }

    @Test(
        "--scan finds every key, --bigkeys the largest", arguments: ["--scan", "--bigkeys"])
    func keys(mode: String) throws {
        // In which order a server scans may change between two scans.
        let outputs = try self.outputs(self.filled(), [mode]).map {
            $0.split(separator: "\n").filter { !$0.contains("found so far") }.sorted()
        }
        #expect(outputs[1] == outputs[0])
        #expect(outputs[0].contains { $0.contains("k99") })
    }

    @Test("--pipe loads what it is given")
    func pipe() throws {
        let redis = try ProxiedRedis()
        let commands = (0..<10_000).flatMap { encodeCommand(["SET", "key\($0)", "\($0)"].map { Array($0.utf8) }) }
        let result = try run("redis-cli", TLSRun.redisArguments(port: redis.proxy.port) + ["--pipe"], input: commands)
        #expect(result.ending == .exited(0))
        #expect(result.output.contains("errors: 0, replies: 10000"))
        #expect(try redis.server.command("DBSIZE") == .integer(10_000))
    }

    @Test("--latency measures")
    func latency() throws {
        let redis = try ProxiedRedis()
        let result = try run(
            "redis-cli", TLSRun.redisArguments(port: redis.proxy.port) + ["--latency", "--raw", "-i", "1"])
        #expect(result.ending == .exited(0))
        #expect(result.output.split(separator: " ").count >= 4, "\(result.output)")
    }

    @Test(
        "MONITOR and SUBSCRIBE go on printing", arguments: [["MONITOR"], ["SUBSCRIBE", "news"], ["PSUBSCRIBE", "n*"]])
    func streams(command: [String]) throws {
        let redis = try ProxiedRedis()
        let child = try ChildProcess("redis-cli", TLSRun.redisArguments(port: redis.proxy.port) + command)
        func printed(_ text: String) -> Bool { String(decoding: child.output, as: UTF8.self).contains(text) }
        var round = 0
        try eventually("it prints what it hears") {
            round += 1
            try redis.server.command("PUBLISH", "news", "message \(round)")
            return printed("message \(max(1, round - 5))")
        }
        #expect(child.isRunning)
    }

    @Test("--rdb brings the whole data set, and the proxy goes on")
    func dump() throws {
        let redis = try self.filled()
        let folder = try TemporaryFolder()
        let path = folder.path("dump.rdb")
        let result = try run("redis-cli", TLSRun.redisArguments(port: redis.proxy.port) + ["--rdb", path])
        #expect(result.ending == .exited(0), "\(result.output)\(result.errors)")
        let copy = try RedisServer(arguments: ["--dir", folder.path("."), "--dbfilename", "dump.rdb"])
        #expect(try copy.command("DBSIZE") == .integer(102))
        #expect(try copy.command("GET", "k7") == .text("xxxxxxx"))
        #expect(try redis.client().command("GET", "k7") == .text("xxxxxxx"))
    }

    @Test("redis-benchmark runs all of its tests without an error", arguments: [[], ["-P", "16"]])
    func benchmark(options: [String]) throws {
        let redis = try ProxiedRedis()
        let target = try TLSRun.redisArguments(port: redis.proxy.port)
        let arguments = ["-n", "1000", "-c", "20", "-q", "--csv"] + options
        let result = try run("redis-benchmark", target + arguments, within: .seconds(120))
        #expect(result.ending == .exited(0))
        #expect(!(result.output + result.errors).lowercased().contains("error"))
        for test in ["PING_INLINE", "GET", "LRANGE_600", "MSET"] { #expect(result.output.contains(test)) }
    }
}
