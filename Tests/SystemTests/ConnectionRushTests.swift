import Foundation
import TestSupport
import Testing

@Suite("many clients that need a connection of their own at once", .blocking)
struct ConnectionRushTests {
    private static let crowd = 500

    @Test("do not hold up those who share, nor who comes behind them")
    func bystanders() throws {
        let server = try RedisServer()
        // Far away: each connection that is opened is under way for half a second.
        let relay = try FaultyRelay(to: server, .delayed(.milliseconds(250)))
        let redis = try ProxiedRedis(
            server, ["THREADS": "1", "CACHE_COHERENCE": "expiry", "REDIS_CONNECT_TIMEOUT": "60"], behind: relay)
        try redis.awaitCommandTable()
        let neighbours = try (0..<4).map { _ in try redis.connection(limit: .seconds(60)) }
        for neighbour in neighbours { for _ in 0..<2 { _ = try neighbour.roundTrip("INCR", "n") } }
        let crowd = try (0..<Self.crowd).map { _ in try redis.connection(limit: .seconds(120)) }
        let start = ContinuousClock.now
        for client in crowd { try client.send("MULTI\r\n") }
        let waits = neighbours.map { neighbour in
            // One after the other: each finds a command of another's that has waited for a while.
            pause(.milliseconds(80))
            return BackgroundWork {
                var longest = Duration.zero
                for _ in 0..<3 {
                    let sent = ContinuousClock.now
                    let reply = try neighbour.roundTrip("INCR", "n")
                    #expect(reply.hasPrefix(":"))
                    longest = max(longest, .now - sent)
                }
                return longest
            }
        }
        let newcomer = try redis.connection(limit: .seconds(60))
        let came = ContinuousClock.now
        #expect(try newcomer.roundTrip("INCR", "n").hasPrefix(":"))
        let newcomerWait = ContinuousClock.now - came
        let longest = try waits.map { try $0.wait(within: .seconds(120)) }.max() ?? .zero
        for client in crowd { #expect(try client.receiveReply() == Array("+OK\r\n".utf8)) }
        let whole = ContinuousClock.now - start
        // Who waits for one more connection waits for its handshake, too, where there is one: a way there and back.
        let limit = whole / 2 + (TLSRun.isOn ? .milliseconds(500) : .zero)
        #expect(longest < limit && newcomerWait < limit, "\(longest), \(newcomerWait) of \(whole)")
    }
}
