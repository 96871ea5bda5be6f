import Foundation
import TestSupport
import Testing

/// `REDIS_PROXY_CUT_ROUNDS` says how many; `REDIS_SERVER_BINARY` names another server's program.
@Suite("random conversations, cut at random places", .blocking)
struct RandomCutsTests {
    private static let atOnce = 20

    @Test("end with nothing kept", arguments: [nil, "secret"])
    func cuts(password: String?) throws {
        let given = ProcessInfo.processInfo.environment["REDIS_PROXY_CUT_ROUNDS"].flatMap { Int($0) }
        let rounds = max(1, (given ?? 80) / 2 / Self.atOnce)
        var generator = SeededGenerator("random cuts, password \(password ?? "none")")
        let stage = try DepartureStage(
            password.map { ["REDIS_PASSWORD": $0] } ?? [:], server: RedisServer(password: password))
        // What is kept ready for others comes up meanwhile.
        for _ in 0..<3 {
            try play(on: stage, &generator)
            try stage.expectNothingKept(.close, within: .seconds(60))
        }
        try stage.rest()
        var longest = Duration.zero
        for round in 0..<rounds {
            let kept = try play(on: stage, &generator)
            let left = ContinuousClock.now
            do {
                try stage.expectNothingKept(.close, within: .seconds(25))
            } catch {
                throw TestSupportError("round \(round): \(error)")
            }
            longest = max(longest, .now - left)
            withExtendedLifetime(kept) {}
        }
        let version = try stage.redis.server.info("valkey_version") ?? stage.redis.server.info("redis_version") ?? "?"
        print(
            "random cuts: \(rounds * Self.atOnce) on \(version), password \(password ?? "none"): before \(stage.before),",
            "after \(try stage.reader.now()), longest \(longest)")
    }

    /// Has some clients begin a conversation and leave it.
    ///
    /// - Returns: Connections that they keep.
    @discardableResult
    private func play(on stage: DepartureStage, _ generator: inout SeededGenerator) throws -> [RawConnection] {
        var clients: [(RawConnection, RandomConversation)] = []
        for _ in 0..<Self.atOnce {
            let conversation = RandomConversation(&generator)
            let connection = try RawConnection(port: stage.redis.proxy.port, limit: .milliseconds(300))
            // One that is closed or not read from any more does not take it all.
            try? connection.send(
                conversation.bytes, inPiecesFrom: &generator, upTo: max(1, conversation.bytes.count / 2))
            clients.append((connection, conversation))
        }
        var kept: [RawConnection] = []
        for (connection, conversation) in clients {
            if conversation.replies > 0 { _ = try? connection.receiveReplies(conversation.replies) }
            let way = WayOfLeaving.allCases.randomElement(using: &generator) ?? .close
            if let connection = way.leave(connection) { kept.append(connection) }
        }
        return kept
    }
}
