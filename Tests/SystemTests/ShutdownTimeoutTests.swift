import Foundation
import TestSupport
import Testing

/// Something in flight that does not end by itself, or not for a minute.
struct UnfinishedWork: Sendable, CustomStringConvertible {
    let description: String
    /// Begins it, and returns what must be kept until the process has ended.
    let begin: @Sendable (ProxiedRedis) throws -> [RawConnection]

    private init(_ description: String, _ begin: @escaping @Sendable (ProxiedRedis) throws -> [RawConnection]) {
        self.description = description
        self.begin = begin
    }

    /// A client that sends something, once it is seen at the server.
    private static func sent(
        _ description: String, _ commands: [String]..., seen: String? = nil, replies: Int = 0
    ) -> UnfinishedWork {
        UnfinishedWork(description) { redis in
            let client = try redis.connection()
            try client.send(commands.flatMap { encodeCommand($0.map { Array($0.utf8) }) })
            _ = try client.receiveReplies(replies)
            if let seen { try awaitClient(seen, of: redis) }
            return [client]
        }
    }

    /// One that keeps the whole server from answering.
    private static func busy(_ description: String, _ command: String...) -> UnfinishedWork {
        UnfinishedWork(description) { redis in
            let client = try redis.connection()
            let other = try redis.straight()
            _ = try other.roundTrip("PING")
            try client.send(encodeCommand(command.map { Array($0.utf8) }))
            try eventually("the server is busy") {
                try other.sendCommand("PING")
                if try other.staysSilent(for: .milliseconds(200)) { return true }
                _ = try other.receiveReply()
                return false
            }
            return [client]
        }
    }

    /// Waits until `CLIENT LIST` says so of somebody.
    private static func awaitClient(_ seen: String, of redis: ProxiedRedis) throws {
        let straight = try redis.straight()
        try eventually(seen) { try straight.roundTrip("CLIENT", "LIST").contains(seen) }
    }

    static let all: [UnfinishedWork] = [
        UnfinishedWork("a slow reader over RESP") { redis in
            let client = try redis.client()
            _ = try client.command("SETRANGE", "big", "50000000", "x")
            let slow = try RawConnection(port: redis.proxy.port, receiveBuffer: 4_096)
            try slow.sendCommand("GET", "big")
            _ = try slow.receive(count: 100)
            return [slow]
        },
        UnfinishedWork("a slow reader of many answers") { redis in
            let slow = try RawConnection(port: redis.proxy.port, receiveBuffer: 4_096)
            try slow.send(
                Array(repeating: encodeCommand("ECHO", String(repeating: "x", count: 1_000)), count: 20_000).flatMap {
                    $0
                })
            _ = try slow.receive(count: 100)
            return [slow]
        },
        UnfinishedWork("a slow reader over HTTP") { redis in
            let client = try redis.client()
            _ = try client.command("SETRANGE", "big", "50000000", "x")
            let slow = try RawConnection(port: redis.proxy.port, receiveBuffer: 4_096)
            try slow.send("GET /big HTTP/1.1\r\nHost: x\r\nAccept: application/octet-stream\r\n\r\n")
            _ = try slow.receive(count: 100)
            return [slow]
        },
        UnfinishedWork("a relayed command on a server that is silent") { redis in
            let client = try redis.connection()
            _ = try client.roundTrip("PING")
            try redis.server.freeze()
            try client.sendCommand("INCR", "n")
            return [client]
        },
        UnfinishedWork("a read on a server that is silent") { redis in
            let client = try redis.connection()
            _ = try client.roundTrip("GET", "other")
            try redis.server.freeze()
            try client.sendCommand("GET", "k")
            return [client]
        },
        UnfinishedWork("a request over HTTP on a server that is silent") { redis in
            let client = try redis.connection()
            _ = try client.httpGet("/other")
            try redis.server.freeze()
            try client.send("GET /k HTTP/1.1\r\nHost: x\r\n\r\n")
            return [client]
        },
        UnfinishedWork("MONITOR whose client is gone, on a server that is silent") { redis in
            let client = try redis.connection()
            _ = try client.roundTrip("MONITOR")
            try redis.server.freeze()
            client.close()
            return []
        },
        UnfinishedWork("CLIENT PAUSE and a write") { redis in
            try redis.server.command("CLIENT", "PAUSE", "60000", "WRITE")
            let client = try redis.connection()
            try client.sendCommand("SET", "k", "v")
            try awaitClient(" cmd=set ", of: redis)
            return [client]
        },
        UnfinishedWork("a half-received request over HTTP") { redis in
            let client = try redis.connection()
            try client.send("GET /k HTTP/1.1\r\nHost: x\r\n")
            return [client]
        },
        UnfinishedWork("a half-received command") { redis in
            let client = try redis.connection()
            try client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100\r\nabc")
            return [client]
        },
        UnfinishedWork("a large command, received in part") { redis in
            let client = try redis.connection()
            try client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$200000\r\n" + String(repeating: "v", count: 150_000))
            return [client]
        },
        UnfinishedWork("a large command that goes on with what is none of the protocol's") { redis in
            let client = try redis.connection()
            try client.send(
                "*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$70000\r\n" + String(repeating: "v", count: 70_000) + "\r\nX4\r\n")
            return [client]
        },
        busy("DEBUG SLEEP", "DEBUG", "SLEEP", "60"),
        busy("a long script", "EVAL", "while true do end", "0"),
        sent("WAIT behind a write", ["SET", "k", "v"], ["WAIT", "1", "0"], seen: " cmd=wait ", replies: 1),
        sent("MONITOR", ["MONITOR"], replies: 1),
        sent("BRPOP", ["BRPOP", "q", "0"], seen: " cmd=brpop "),
        sent(
            "XREAD BLOCK and a PING behind it", ["XREAD", "BLOCK", "0", "STREAMS", "s", "$"], ["PING"],
            seen: " cmd=xread "),
        sent("SUBSCRIBE", ["SUBSCRIBE", "c"], replies: 1),
        sent("SUBSCRIBE in RESP3", ["HELLO", "3"], ["SUBSCRIBE", "c"], replies: 2),
        sent("an open transaction", ["MULTI"], ["INCR", "n"], replies: 2),
        sent("CLIENT TRACKING", ["HELLO", "3"], ["CLIENT", "TRACKING", "ON"], replies: 2),
        sent("CLIENT REPLY OFF", ["CLIENT", "REPLY", "OFF"]),
        sent(
            "CLIENT REPLY OFF and SUBSCRIBE", ["CLIENT", "REPLY", "OFF"], ["SUBSCRIBE", "c"],
            replies: ServerProgram.current.confirmsSilentSubscriptions ? 1 : 0),
        sent("PING and a wrong AUTH", ["PING"], ["AUTH", "nobody", "wrong"]),
        sent(
            "a subscription that EXEC hides, and UNSUBSCRIBE", ["MULTI"], ["PSUBSCRIBE", "p"], ["EXEC"],
            ["UNSUBSCRIBE"],
            replies: 4),
        sent("SYNC", ["SYNC"], seen: " flags=S "),
    ]
}

@Suite("SIGTERM, SHUTDOWN_TIMEOUT and SIGHUP", .blocking)
struct ShutdownTimeoutTests {
    @Test("it exits within SHUTDOWN_TIMEOUT, whatever is in flight", arguments: UnfinishedWork.all)
    func unfinished(work: UnfinishedWork) throws {
        let redis = try ProxiedRedis(["SHUTDOWN_TIMEOUT": "1", "REDIS_COMMAND_TIMEOUT": "60"])
        try redis.awaitFillLanes()
        let kept = try work.begin(redis)
        redis.proxy.process.signal(SIGTERM)
        #expect(try redis.proxy.process.wait(within: .seconds(15)) == .exited(0))
        withExtendedLifetime(kept) {}
    }

    @Test("one thread that waits does not keep the clients of another from being told")
    func otherThreads() throws {
        let redis = try ProxiedRedis(["SHUTDOWN_TIMEOUT": "60", "THREADS": "2"])
        try redis.server.command("CLIENT", "PAUSE", "60000", "WRITE")
        let paused = try redis.connection()
        try paused.sendCommand("SET", "k", "v")
        let idle = try (0..<8).map { _ in try redis.connection() }
        for client in idle { #expect(try client.roundTrip("PING") == "+PONG\r\n") }
        redis.proxy.process.signal(SIGTERM)
        for client in idle { #expect(try client.receiveToEnd().bytes.isEmpty) }
        #expect(redis.proxy.process.isRunning, "it waits for what is in flight")
        try redis.server.command("CLIENT", "UNPAUSE")
        #expect(try paused.receiveToEnd().bytes == Array("+OK\r\n".utf8))
        #expect(try redis.proxy.process.wait() == .exited(0))
    }

    @Test("SIGHUP does not end it")
    func hangUp() throws {
        let redis = try ProxiedRedis()
        let client = try redis.connection()
        for _ in 0..<3 {
            redis.proxy.process.signal(SIGHUP)
            #expect(try client.roundTrip("PING") == "+PONG\r\n")
        }
        redis.proxy.process.signal(SIGTERM)
        #expect(try redis.proxy.process.wait() == .exited(0))
    }
}
