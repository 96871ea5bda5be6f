import Foundation
import TestSupport
import Testing

@Suite("SIGTERM and SIGINT", .blocking)
struct ShutdownTests {
    @Test("under load: what was answered was done, and it exits with 0 in time", arguments: [SIGTERM, SIGINT])
    func underLoad(signal: Int32) throws {
        let redis = try ProxiedRedis()
        let load = (0..<10).map { index in
            BackgroundWork {
                let client = try redis.client()
                var count: Int64 = 0
                while let reply = try? client.command("INCR", "n\(index)") {
                    if case .error = reply { break }
                    guard reply == .integer(count + 1) else { throw TestSupportError("\(reply) after \(count)") }
                    count += 1
                    guard let value = try? client.command("GET", "n\(index)"), !value.isError("") else { break }
                    guard value == .text("\(count)") else { throw TestSupportError("\(value) after \(count)") }
                }
                return count
            }
        }
        try eventually("the load is on") {
            try (0..<10).allSatisfy { try redis.server.command("EXISTS", "n\($0)") == .integer(1) }
        }
        let idle = try redis.client()
        #expect(try idle.command("PING") == .status("PONG"))
        redis.proxy.process.signal(signal)
        #expect(try redis.proxy.process.wait() == .exited(0))
        for (index, work) in load.enumerated() {
            let answered = try work.wait()
            let done = try redis.server.command("GET", "n\(index)").string.flatMap { Int64($0) } ?? 0
            #expect(done >= answered && done <= answered + 1, "at most the one unanswered is in doubt")
        }
    }

    @Test("what is in flight is finished, new clients are refused")
    func inFlight() throws {
        let redis = try ProxiedRedis(["SHUTDOWN_TIMEOUT": "60"])
        let miss = try redis.connection()
        let relayed = try redis.connection()
        let browser = try redis.connection()
        #expect(try relayed.roundTrip("SET", "n", "1") == "+OK\r\n")
        #expect(try browser.httpGet("/warm").status == 204)
        #expect(try miss.roundTrip("GET", "warm") == "$-1\r\n")
        try redis.server.freeze()
        try miss.send("GET k\r\n")
        try relayed.send("INCR n\r\n")
        try browser.send("GET /k2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try browser.staysSilent(for: .milliseconds(200)))
        redis.proxy.process.signal(SIGTERM)
        try eventually("new clients are refused") { (try? redis.connection()) == nil }
        redis.server.thaw()
        #expect(try miss.receiveToEnd().bytes == Array("$-1\r\n".utf8))
        #expect(try relayed.receiveToEnd().bytes == Array(":2\r\n".utf8))
        #expect(try browser.receiveHTTPResponse().status == 204)
        #expect(try redis.proxy.process.wait() == .exited(0))
    }

    @Test("idle clients and subscribers do not hold it up")
    func idleClients() throws {
        let redis = try ProxiedRedis(["SHUTDOWN_TIMEOUT": "60"])
        let idle = try redis.connection()
        #expect(try idle.roundTrip("SET", "k", "v") == "+OK\r\n")
        let silent = try redis.connection()
        let browser = try redis.connection()
        #expect(try browser.httpGet("/k").status == 200)
        redis.proxy.process.signal(SIGTERM)
        #expect(try redis.proxy.process.wait() == .exited(0))
        for connection in [idle, silent, browser] { #expect(try connection.receiveToEnd().bytes.isEmpty) }
    }

    @Test("what cannot be finished is given up at SHUTDOWN_TIMEOUT")
    func timeout() throws {
        let redis = try ProxiedRedis(["SHUTDOWN_TIMEOUT": "1"])
        let blocked = try redis.connection()
        try blocked.sendCommand("BLPOP", "q", "0")
        try eventually("it blocks") { try redis.server.info("blocked_clients") == "1" }
        redis.proxy.process.signal(SIGTERM)
        #expect(try redis.proxy.process.wait() == .exited(0))
        #expect(try redis.server.info("blocked_clients") == "0")
    }

    @Test("a second signal exits at once")
    func secondSignal() throws {
        let redis = try ProxiedRedis(["SHUTDOWN_TIMEOUT": "60", "REDIS_COMMAND_TIMEOUT": "60"])
        let waiting = try redis.connection()
        #expect(try waiting.roundTrip("SET", "k", "v") == "+OK\r\n")
        try redis.server.freeze()
        try waiting.send("INCR n\r\n")
        #expect(try waiting.staysSilent(for: .milliseconds(200)))
        redis.proxy.process.signal(SIGTERM)
        try eventually("it is shutting down") { (try? redis.connection()) == nil }
        #expect(redis.proxy.process.isRunning, "it waits for what is in flight")
        redis.proxy.process.signal(SIGTERM)
        _ = try redis.proxy.process.wait()
    }
}
