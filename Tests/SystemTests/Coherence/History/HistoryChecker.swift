/// Holds a history to the guarantee. It knows nothing of how the proxy keeps it.
///
/// A version `v` of a key has the position `2v`, its expiry `2v + 1`. Each rule gives a position that a read may not be behind.
struct HistoryChecker {
    private let history: History
    /// How long after its reply a write may still be unseen, whoever made it.
    private let bound: UInt64
    private let indices: [String: WriteIndex]

    /// Commands of readers that were checked.
    private(set) var checked = 0
    /// The first violations, in words.
    private(set) var violations: [String] = []
    private(set) var violationCount = 0
    /// Of each read of a value that had been overwritten: for how long it had been, by its writer's reply.
    private(set) var lags: [UInt64] = []

    init(_ history: History, bound: Duration) {
        self.history = history
        self.bound = UInt64(bound / .nanoseconds(1))
        self.indices = history.writes.mapValues { WriteIndex($0) }
    }

    mutating func check() {
        for reads in self.history.reads {
            var session = SessionFloor()
            for (number, read) in reads.enumerated() {
                if read.session != session.session { session = SessionFloor(session: read.session) }
                for observation in read.observations {
                    if let fault = self.fault(observation, read, &session) { self.report(fault, number, in: reads) }
                }
                if read.isPair, Set(read.observations.map { "\($0.value)" }).count > 1 {
                    self.report("rule 4: a torn MSET", number, in: reads)
                }
                if read.isRelayed { session.relayed = max(session.relayed, read.began) }
                self.checked += 1
            }
        }
    }

    /// What a session has been told.
    private struct SessionFloor {
        var session = -1
        /// Positions by key.
        var seen: [String: Int] = [:]
        /// When the latest relayed command began whose reply is there.
        var relayed: UInt64 = 0
    }

    private mutating func fault(
        _ observation: Observation, _ read: RecordedRead, _ session: inout SessionFloor
    ) -> String? {
        guard let index = self.indices[observation.key] else { return "nobody writes \(observation.key)" }
        let floors = [
            ("rule 3: older than a write through the proxy", index.position(ofProxiedBefore: read.began)),
            ("rule 4: the key went back on its connection", session.seen[observation.key] ?? 0),
            ("rule 4: older than a relayed reply", index.position(ofAnyBefore: session.relayed)),
            (
                "rules 1 and 5: overwritten long ago",
                index.position(ofAnyBefore: read.began > self.bound ? read.began - self.bound : 0)
            ),
        ]
        let floor = floors.map(\.1).max() ?? 0
        switch observation.value {
        case .strange(let text):
            return "not a value of this key: \(text)"
        case .absent:
            guard let position = index.absence(from: floor, until: read.ended) else {
                let reason = floors.first { $0.1 == floor }?.0 ?? ""
                return "\(reason): absent, but it had a value from position \(floor) on"
            }
            session.seen[observation.key] = position
        case .version(let version):
            guard let write = index.write(version), write.began <= read.ended else {
                return "\(observation.key) = \(version) was never written"
            }
            if let overwritten = index.overwritten(version), overwritten < read.began {
                self.lags.append(read.began - overwritten)
            }
            for (reason, position) in floors where 2 * version < position {
                return "\(reason): \(observation.key) = \(version), which is behind position \(position)"
            }
            if case .expiring(let life) = write.effect, let ended = write.ended,
                read.began > ended + life + Self.clockStep
            {
                return "rule 2: \(observation.key) = \(version), whose TTL had passed"
            }
            session.seen[observation.key] = 2 * version
        }
        return nil
    }

    /// The server counts time to live in milliseconds, of a clock that it reads once in each turn.
    private static let clockStep: UInt64 = 2_000_000

    private mutating func report(_ fault: String, _ number: Int, in reads: [RecordedRead]) {
        self.violationCount += 1
        guard self.violations.count < 5 else { return }
        let read = reads[number]
        var lines = ["\(fault)"]
        for other in reads[max(0, number - 6)...min(number + 2, reads.count - 1)] {
            lines.append("  \(other.began == read.began ? "->" : "  ") \(other)")
        }
        for key in Set(read.observations.map(\.key)).sorted() {
            let writes = self.history.writes[key] ?? []
            let next = writes.firstIndex { $0.began > read.ended } ?? writes.count
            for write in writes[max(0, next - 6)..<min(next + 2, writes.count)] {
                lines.append("     \(key): \(write)")
            }
        }
        self.violations.append(lines.joined(separator: "\n"))
    }
}

/// The writes of one key, found by time. They do not overlap: one writer made them one after the other.
private struct WriteIndex {
    private let writes: [RecordedWrite]
    private let known: [RecordedWrite]
    private let proxied: [RecordedWrite]
    /// All that may have left the key absent.
    private let absences: [RecordedWrite]

    init(_ writes: [RecordedWrite]) {
        self.writes = writes
        self.known = writes.filter { $0.ended != nil }
        self.proxied = self.known.filter(\.isProxied)
        self.absences = writes.filter { $0.effect != .value }
    }

    func write(_ version: Int) -> RecordedWrite? {
        self.writes.indices.contains(version - 1) ? self.writes[version - 1] : nil
    }

    /// When the first write behind this one was answered.
    func overwritten(_ version: Int) -> UInt64? {
        let next = Self.firstIndex(self.known) { $0.version > version }
        return next < self.known.count ? self.known[next].ended : nil
    }

    func position(ofAnyBefore time: UInt64) -> Int { Self.position(self.known, before: time) }

    func position(ofProxiedBefore time: UInt64) -> Int { Self.position(self.proxied, before: time) }

    /// The first position from `floor` on at which the key may have been absent.
    func absence(from floor: Int, until time: UInt64) -> Int? {
        if floor == 0 { return 0 }
        let first = Self.firstIndex(self.absences) { 2 * $0.version + 1 >= floor }
        for write in self.absences[first...] {
            guard write.began <= time else { return nil }
            switch write.effect {
            case .value: continue
            case .absence where 2 * write.version >= floor: return 2 * write.version
            case .absence: continue
            case .expiring(let life) where write.began + life <= time + 2_000_000: return 2 * write.version + 1
            case .expiring: continue
            }
        }
        return nil
    }

    private static func position(_ writes: [RecordedWrite], before time: UInt64) -> Int {
        let next = self.firstIndex(writes) { ($0.ended ?? 0) >= time }
        return next == 0 ? 0 : 2 * writes[next - 1].version
    }

    /// The first of `writes` that satisfies what all behind it satisfy, too.
    private static func firstIndex(_ writes: [RecordedWrite], where isBehind: (RecordedWrite) -> Bool) -> Int {
        var low = 0
        var high = writes.count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(writes[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension RecordedWrite: CustomStringConvertible {
    var description: String {
        "\(self.version) \(self.effect) by \(self.how)\(self.isProxied ? " through the proxy" : ""), "
            + "\(milliseconds(self.began)) to \(self.ended.map(milliseconds) ?? "unknown")"
    }
}

extension RecordedRead: CustomStringConvertible {
    var description: String {
        let seen = self.observations.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        return
            "session \(self.session): \(self.how) \(seen), \(milliseconds(self.began)) to \(milliseconds(self.ended))"
    }
}

private func milliseconds(_ time: UInt64) -> String {
    "\(time / 1_000_000).\(String(1000 + time / 1000 % 1000).dropFirst()) ms"
}
