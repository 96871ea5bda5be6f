import TestSupport

/// The one writer of a key, or of a pair that is only written together: by another way each time, through the proxy and past it.
final class HistoryWriter {
    /// A way of writing: the commands; how many of their last replies must not be errors.
    private struct Way {
        var name: String
        var effect: RecordedWrite.Effect
        var commands: [[String]]
    }

    private let clock: HistoryClock
    private let keys: [String]
    private let proxy: () throws -> HiredisClient
    private let server: () throws -> HiredisClient
    private var proxied: HiredisClient?
    private var straight: HiredisClient?
    private var generator: SeededGenerator
    private(set) var writes: [RecordedWrite] = []

    init(
        keys: [String], clock: HistoryClock, seed: UInt64, proxy: @escaping () throws -> HiredisClient,
        server: @escaping () throws -> HiredisClient
    ) {
        self.keys = keys
        self.clock = clock
        self.proxy = proxy
        self.server = server
        self.generator = SeededGenerator(seed: seed)
    }

    /// Writes the next version; it may turn out not to be known whether it was done.
    func write() {
        let isProxied = Bool.random(using: &self.generator)
        let way = self.way(version: self.writes.count + 1)
        self.record(way.name, way.effect, isProxied: isProxied) {
            let client = try self.client(isProxied: isProxied)
            do {
                for command in way.commands { try client.append(command.map { Array($0.utf8) }) }
                let replies = try client.replies(way.commands.count)
                return replies.allSatisfy { !$0.isError("") }
            } catch {
                if isProxied { self.proxied = nil } else { self.straight = nil }
                throw error
            }
        }
    }

    /// What is written past the proxy goes to another server from now on.
    func serverIsAnother() { self.straight = nil }

    /// Everything in the server is lost by `work`.
    func loseEverything(_ work: () throws -> Void) throws {
        var failure: (any Error)?
        self.record("a restart", .absence, isProxied: false) {
            do { try work() } catch { failure = error }
            return failure == nil
        }
        if let failure { throw failure }
    }

    /// Records a write by other means.
    func record(
        _ how: String, _ effect: RecordedWrite.Effect, isProxied: Bool, _ work: () throws -> Bool
    ) {
        let began = self.clock.now
        let isDone = (try? work()) ?? false
        self.writes.append(
            RecordedWrite(
                version: self.writes.count + 1, effect: effect, isProxied: isProxied, began: began,
                ended: isDone ? self.clock.now : nil, how: how))
    }

    private func client(isProxied: Bool) throws -> HiredisClient {
        if isProxied {
            let client = try self.proxied ?? self.proxy()
            self.proxied = client
            return client
        }
        let client = try self.straight ?? self.server()
        self.straight = client
        return client
    }

    private func way(version: Int) -> Way {
        let value = "\(version)"
        guard self.keys.count == 1 else {
            let pairs = self.keys.flatMap { [$0, value] }
            let ways = [
                Way(name: "MSET", effect: .value, commands: [["MSET"] + pairs]),
                Way(name: "EVAL of MSET", effect: .value, commands: [Self.script("MSET", pairs)]),
                Way(name: "DEL", effect: .absence, commands: [["DEL"] + self.keys]),
                Way(name: "MSET", effect: .value, commands: [["MSET"] + pairs]),
            ]
            return ways[Int.random(in: 0..<ways.count, using: &self.generator)]
        }
        let key = self.keys[0]
        let life = Int.random(in: 5...60, using: &self.generator)
        let expiring = RecordedWrite.Effect.expiring(UInt64(life) * 1_000_000)
        let ways = [
            Way(name: "SET", effect: .value, commands: [["SET", key, value]]),
            Way(name: "SET PX \(life)", effect: expiring, commands: [["SET", key, value, "PX", "\(life)"]]),
            Way(name: "DEL", effect: .absence, commands: [["DEL", key]]),
            Way(name: "GETDEL", effect: .absence, commands: [["GETDEL", key]]),
            Way(name: "GETSET", effect: .value, commands: [["GETSET", key, value]]),
            Way(name: "EVAL", effect: .value, commands: [Self.script("SET", [key, value])]),
            Way(name: "EVAL of DEL", effect: .absence, commands: [Self.script("DEL", [key])]),
            Way(
                name: "EVAL of SET PX", effect: expiring, commands: [Self.script("SET", [key, value, "PX", "\(life)"])]
            ),
            Way(
                name: "EXEC", effect: .value, commands: [["MULTI"], ["SET", key, "0"], ["SET", key, value], ["EXEC"]]),
            Way(
                name: "RENAME", effect: .value,
                commands: [["SET", "spare \(key)", value], ["RENAME", "spare \(key)", key]]),
            Way(
                name: "COPY", effect: .value,
                commands: [["SET", "spare \(key)", value], ["COPY", "spare \(key)", key, "REPLACE"]]),
            Way(
                name: "SET, and another one in another database", effect: .value,
                commands: [
                    ["SET", key, value], ["SELECT", "1"], ["SET", key, "in database 1"], ["SELECT", "0"],
                ]),
            Way(name: "PEXPIRE", effect: .absence, commands: [["PEXPIRE", key, "-1"]]),
        ]
        return ways[Int.random(in: 0..<ways.count, using: &self.generator)]
    }

    /// A script whose keys are not declared.
    private static func script(_ command: String, _ arguments: [String]) -> [String] {
        ["EVAL", "return redis.call('\(command)', unpack(ARGV))", "0"] + arguments
    }
}
