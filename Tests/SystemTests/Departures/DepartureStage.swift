import Foundation
import TestSupport

/// A proxy with a server, and what both held before clients came and went.
final class DepartureStage {
    let redis: ProxiedRedis
    let reader: HoldingsReader
    private(set) var before: Holdings
    private let publisher: HiredisClient?

    /// - Parameter publishes: Whether those who are subscribed hear something all the time.
    init(
        _ environment: [String: String] = [:], server: RedisServer? = nil, behind relay: FaultyRelay? = nil,
        publishes: Bool = true
    ) throws {
        let adminPort = try freePort()
        // With one event loop, what is kept ready for clients does not depend on where the last ones came.
        let own = ["ADMIN_PORT": "\(adminPort)", "THREADS": "1"]
        redis = try ProxiedRedis(
            server ?? RedisServer(), environment.merging(own) { given, _ in given }, behind: relay)
        try redis.awaitFillLanes()
        reader = try HoldingsReader(redis, adminPort: adminPort)
        publisher = publishes ? try redis.server.client() : nil
        before = Holdings(descriptors: 40, sessions: 0, serverConnections: 40)
    }

    /// Takes what is held while nobody is served, but what is kept ready for the next clients stands, for what must be held again later.
    func rest() throws {
        try expectNothingKept(
            of: SessionInState.usual(password: redis.server.password), leaving: .close, within: .seconds(60))
        before = try reader.atRest { try $0.now() }
        // Some of what is kept ready may be in use by nobody and not there yet: it comes with the next clients.
        let missing = max(0, Self.readyConnections - before.serverConnections)
        before.serverConnections += missing
        before.descriptors += missing
    }

    /// Our two, a fill lane, the feed, and for each version of the protocol a shared connection and four that stand ready.
    private static let readyConnections = 14

    /// The same for a proxy without a server.
    func restAlone() throws { before = try reader.atRest { try $0.ofProxy() } }

    /// Has one client for each of the states come, and leave.
    ///
    /// - Returns: Connections that their clients keep.
    func enterAndLeave(_ states: [SessionInState], _ way: WayOfLeaving) throws -> [RawConnection] {
        let connections = try states.map { state in
            do {
                return try state.enter(redis)
            } catch {
                throw TestSupportError("\(state): \(error)")
            }
        }
        for state in states {
            guard let seen = state.seen else { continue }
            let count = states.filter { $0.seen == seen }.count
            try eventually("\(state) at the server") {
                try reader.list().split(separator: "\n").filter { $0.contains(seen) }.count >= count
            }
        }
        return connections.compactMap { way.leave($0) }
    }

    /// - Parameter sharedAnswer: false: what went on a shared connection is not answered for as long, and its session is remembered until then.
    func expectNothingKept(
        of states: [SessionInState], leaving way: WayOfLeaving, within limit: Duration, sharedAnswer: Bool = true
    ) throws {
        let kept = try enterAndLeave(states, way)
        let ends = kept.map { connection in
            BackgroundWork { if way == .halfCloseAndRead { _ = try? connection.receiveToEnd() } }
        }
        try expectNothingKept(way, within: limit, sharedAnswer: sharedAnswer)
        for end in ends { try end.wait() }
    }

    func expectNothingKept(
        _ way: WayOfLeaving, within limit: Duration, publishing: Bool = true, sharedAnswer: Bool = true
    ) throws {
        var last = before
        do {
            try eventually(within: limit, "all that clients had is given back") {
                for channel in publishing ? ["c", "p"] : [] { _ = try publisher?.command("PUBLISH", channel, "x") }
                last = try reader.now()
                if !sharedAnswer { last.sessions = min(last.sessions, before.sessions) }
                return last.isWithin(before)
            }
        } catch {
            throw TestSupportError("\(way): \(error): before \(before), now \(last)\n\(try reader.list())")
        }
    }
}
