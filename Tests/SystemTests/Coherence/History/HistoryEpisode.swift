import Foundation
import Synchronization
import TestSupport

/// Time that all threads of an episode agree on.
struct HistoryClock: Sendable {
    private let start = ContinuousClock.now

    /// Nanoseconds since the beginning.
    var now: UInt64 { UInt64((ContinuousClock.now - self.start) / .nanoseconds(1)) }
}

/// Writers and readers of a few keys at once, with faults in between; afterwards there is a history.
final class HistoryEpisode: Sendable {
    private let ground: any HistoryGround
    private let clock = HistoryClock()
    private let stop = Flag()
    private let sessions = Mutex(0)
    private let locks: [NSLock]
    private let hot: [String]
    private let pair: [String]
    /// Written only at the moment of a fault, so that nothing else corrects it.
    private let quiet: String
    private let seed: UInt64
    private let faults: Int

    /// - Parameters:
    ///   - number: makes the keys of one episode differ from those of the next.
    ///   - faults: how many things go wrong in its course.
    init(_ ground: any HistoryGround, number: Int, seed: UInt64, faults: Int) {
        self.ground = ground
        self.seed = seed
        self.faults = faults
        self.hot = (0..<3).map { "hot\(number).\($0)" }
        self.pair = ["pair\(number).a", "pair\(number).b"]
        self.quiet = "quiet\(number)"
        self.locks = (0..<5).map { _ in NSLock() }
    }

    /// How long after its reply a write may be unseen here: no feed falls silent, so it is far less than the heartbeat's 3 s.
    static let bound = Duration.milliseconds(1500)

    /// Plays to the end.
    func play() throws -> History {
        let ground = self.ground
        let groups = self.hot.map { [$0] } + [self.pair, [self.quiet]]
        let writers = groups.enumerated().map { index, keys in
            UnsafeShared(
                HistoryWriter(
                    keys: keys, clock: self.clock, seed: self.seed &+ UInt64(index),
                    proxy: { try ground.client() }, server: { try ground.primary().client() }))
        }
        let writing = writers.dropLast().enumerated().map { index, writer in
            BackgroundWork {
                var generator = SeededGenerator(seed: self.seed ^ UInt64(index))
                while !self.stop.isSet {
                    self.locks[index].withLock { writer.value.write() }
                    pause(.milliseconds(Int.random(in: 0...25, using: &generator)))
                }
            }
        }
        let faces = HistoryReader.Face.allCases + [.resp2, .resp3]
        let reading = faces.enumerated().map { index, face in
            BackgroundWork {
                let reader = HistoryReader(
                    face, keys: self.hot + [self.quiet], pair: self.pair, clock: self.clock,
                    seed: self.seed &- UInt64(index) &- 1,
                    newSession: {
                        self.sessions.withLock { sessions in
                            sessions += 1
                            return sessions
                        }
                    }, connect: { try ground.connection() })
                while !self.stop.isSet { reader.read() }
                return reader.reads
            }
        }
        let outcome = Result { try self.playFaults(writers.map(\.value)) }
        self.stop.set()
        for thread in writing { try thread.wait() }
        let reads = try reading.map { try $0.wait() }
        try outcome.get()
        var history = History(reads: reads)
        for (keys, writer) in zip(groups, writers) {
            for key in keys { history.writes[key] = writer.value.writes }
        }
        return history
    }

    private func playFaults(_ writers: [HistoryWriter]) throws {
        var generator = SeededGenerator(seed: self.seed)
        let quiet = writers[writers.count - 1]
        var order = self.ground.faults.shuffled(using: &generator)[...]
        for _ in 0..<self.faults {
            if order.isEmpty { order = self.ground.faults.shuffled(using: &generator)[...] }
            guard let fault = order.popFirst() else { return }
            // So that the key is in the cache, whose next change is announced to nobody.
            pause(.milliseconds(Int.random(in: 100...300, using: &generator)))
            switch fault {
            case .restart:
                for lock in self.locks { lock.lock() }
                defer { for lock in self.locks { lock.unlock() } }
                var restart: (() throws -> Void)? = { try self.ground.primary().restart() }
                try Self.lose(writers[...]) {
                    try restart?()
                    restart = nil
                }
            case .failover:
                for lock in self.locks { lock.lock() }
                defer { for lock in self.locks { lock.unlock() } }
                try self.ground.failOver()
                // At once, and at the new primary: nobody announces it for what was read from the old one.
                for writer in writers { writer.serverIsAnother() }
                quiet.write()
            case .none:
                quiet.write()
            case .kill(let clients):
                try self.kill(clients, quiet)
            }
            // Meanwhile the readers go on, and what they read of the quiet key must become right by itself.
            pause(Self.bound + .milliseconds(200))
        }
    }

    /// Nests, so that the loss begins for all writers before it happens, and ends behind it.
    private static func lose(_ writers: ArraySlice<HistoryWriter>, _ work: () throws -> Void) throws {
        guard let first = writers.first else { return try work() }
        try first.loseEverything { try self.lose(writers.dropFirst(), work) }
    }

    /// In one transaction with a write, so that the write is announced to nobody.
    private func kill(_ clients: Fault.Clients, _ quiet: HistoryWriter) throws {
        let client = try self.ground.primary().client()
        let filters: [[String]]
        switch clients {
        case .type(let type): filters = [["TYPE", type]]
        case .feed: filters = try self.identifiers(client) { $0.contains(" sub=1 ") }.map { ["ID", $0] }
        case .lanes: filters = try self.identifiers(client) { !"\($0) ".contains(" redir=-1 ") }.map { ["ID", $0] }
        }
        quiet.record("EXEC with CLIENT KILL \(clients)", .value, isProxied: false) {
            try client.command("MULTI")
            for filter in filters {
                try client.command((["CLIENT", "KILL"] + filter + ["SKIPME", "yes"]).map { Array($0.utf8) })
            }
            try client.command("SET", self.quiet, "\(quiet.writes.count + 1)")
            return try client.command("EXEC").elements.last == .status("OK")
        }
    }

    private func identifiers(_ client: HiredisClient, _ isMeant: (Substring) -> Bool) throws -> [String] {
        let list = try client.command("CLIENT", "LIST").string ?? ""
        return list.split(separator: "\n").filter(isMeant).compactMap { line in
            line.split(separator: " ").first.map { String($0.dropFirst(3)) }
        }
    }
}

/// What goes wrong in the course of an episode.
enum Fault {
    enum Clients {
        case type(String)
        case feed
        case lanes
    }

    case none
    case restart
    case kill(Clients)
    /// Another server becomes the primary. Nothing is written meanwhile, so that nothing is lost.
    case failover

    static let ofOneServer: [Fault] = [
        .none, .restart, .kill(.type("normal")), .kill(.type("pubsub")), .kill(.feed), .kill(.lanes),
    ]
}

/// What an episode plays on.
protocol HistoryGround: Sendable {
    /// A client of the proxy.
    func client() throws -> HiredisClient
    /// A raw connection to it.
    func connection() throws -> RawConnection
    /// The server, or the one that is the primary at present.
    func primary() throws -> RedisServer
    /// What may go wrong there.
    var faults: [Fault] { get }
    /// Has all that is written reach another server, and that one become the primary.
    func failOver() throws
}

extension ProxiedRedis: HistoryGround {
    func connection() throws -> RawConnection { try self.connection(limit: .seconds(15)) }
    func primary() throws -> RedisServer { self.server }
    var faults: [Fault] { Fault.ofOneServer }
    func failOver() throws { throw TestSupportError("there is one server") }
}

extension SentinelRedis: HistoryGround {
    func client() throws -> HiredisClient { try self.proxy.client() }
    func connection() throws -> RawConnection { try self.proxy.connection() }
    func primary() throws -> RedisServer { try self.group.primary() }
    var faults: [Fault] { [.none, .failover, .kill(.feed), .failover, .kill(.lanes)] }

    func failOver() throws {
        try self.group.settle()
        try eventually("all replicas have it") {
            // Of a connection that has written nothing it would be said at once.
            let client = try self.group.primary().client()
            try client.command("SET", "all of it", "\(ContinuousClock.now)")
            return try client.command("WAIT", "\(self.group.servers.count - 1)", "1000")
                == .integer(Int64(self.group.servers.count - 1))
        }
        try self.group.failOver()
    }
}

/// A value that several threads use one after the other, held apart by the episode's locks.
private struct UnsafeShared<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}
