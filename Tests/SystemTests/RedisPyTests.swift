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

    @Test(
        "a thousand connected clients, fifty of them busy, cost a few connections",
        .enabled(
            if: !ServerProgram.current.isSince(redis: [7, 2]),
            "from Redis 7.2 on redis-py names its library, which ties each client to a connection"),
        arguments: [2, 3])
    func manyClients(version: Int) throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.awaitSharing()
        let command = try Python.command("many_clients.py", port: redis.proxy.port, "\(version)")
        let clients = try ChildProcess(command.program, command.arguments, environment: command.environment)
        try eventually(within: .seconds(120), "they have done their work") {
            try #require(clients.isRunning, "\(clients.errors)")
            return clients.output == Array("done\n".utf8)
        }
        try eventually("surplus connections are closed") {
            try (redis.server.info("connected_clients").flatMap { Int($0) } ?? .max) <= 24
        }
        let connections = try redis.server.info("connected_clients").flatMap { Int($0) } ?? 0
        print("a thousand redis-py clients, protocol \(version): \(connections - 1) connections to Redis")
    }

    @Test("redis-cli at a terminal: prompts, replies, errors, a transaction, SUBSCRIBE and quit")
    func terminal() throws {
        let redis = try ProxiedRedis()
        let straight = try RedisServer()
        let shown = try [straight.port, redis.proxy.port].map { port in
            let command = try Python.command("interactive.py", port: port)
            let result = try run(
                command.program, command.arguments, environment: command.environment, within: .seconds(120))
            #expect(result.ending == .exited(0), "\(result.errors)")
            return result.output.split(separator: "\n")
        }
        for (through, straight) in zip(shown[1], shown[0]) { #expect(through == straight) }
        #expect(shown[0].count == shown[1].count && shown[0].contains("exit 0"))
    }

    /// Plays a script against a proxy of its own, and expects that it is content.
    private func play(_ name: String) throws -> ProxiedRedis {
        let redis = try ProxiedRedis()
        let command = try Python.command(name, port: redis.proxy.port)
        let result = try run(command.program, command.arguments, environment: command.environment)
        #expect(result.output == "done\n")
        #expect(result.errors == "")
        #expect(result.ending == .exited(0))
        return redis
    }
}
