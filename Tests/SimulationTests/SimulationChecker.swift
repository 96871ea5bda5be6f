import RESPParser

/// Holds what the clients of a simulation see to the guarantee, with the model server's own history for a judge.
///
/// The version `v` of a key has the position `2v`, its expiry `2v + 1`; 0 is before the first version.
struct SimulationChecker {
    private let chronicle: ModelServer.Chronicle
    /// How long after it a change may be unseen, whoever made it: what `TRACKING_HEARTBEAT` and its time-out allow.
    private let bound: UInt64
    /// Positions of writes through the proxy whose replies are there.
    private var acknowledged: [String: Int] = [:]
    private(set) var checked = 0

    init(chronicle: ModelServer.Chronicle, bound: UInt64) {
        self.chronicle = chronicle
        self.bound = bound
    }

    /// What no reply to a question may be behind that is sent now.
    func floors(of keys: [String]) -> [String: Int] {
        var floors: [String: Int] = [:]
        for key in keys { floors[key] = self.acknowledged[key] ?? 0 }
        return floors
    }

    /// A reply has come to what wrote these values.
    mutating func wrote(_ pairs: [(key: String, value: String?)], since sent: UInt64) {
        for (key, value) in pairs {
            // Of an absence that other writes may have made as well, the first is the one that is certain.
            let index = self.versions(key).firstIndex { $0.value == value && $0.time >= sent }
            if let index { self.acknowledged[key] = max(self.acknowledged[key] ?? 0, 2 * (index + 1)) }
        }
    }

    /// - Returns: what is wrong with it; nil: nothing.
    mutating func saw(
        _ key: String, _ value: String?, _ question: SimulationQuestion, by client: SimulatedClient, now: UInt64
    ) -> String? {
        self.checked += 1
        let versions = self.versions(key)
        let age = self.oldest(question)
        var floors = [
            ("rule 3: older than a write through the proxy", question.floors[key] ?? 0),
            ("rule 4: the key went back on its connection", client.seen[key] ?? 0),
            ("rule 4: older than a relayed reply", self.position(versions) { $0.sequence < client.told }),
        ]
        // What the server does not announce is noticed by the heartbeat only.
        if let silent = self.firstSilent(versions, since: age) {
            for index in floors.indices { floors[index].1 = min(floors[index].1, 2 * silent) }
        }
        floors.append(("rules 1 and 5: changed long ago", self.position(versions) { $0.time < age }))
        let floor = floors.map(\.1).max() ?? 0
        guard let position = self.position(of: value, in: versions, from: floor, now: now) else {
            guard let index = versions.lastIndex(where: { $0.value == value }) else {
                return value == nil ? self.reason(floors) + ": absent" : "\(key) never was \(value ?? "")"
            }
            return "\(self.reason(floors)): version \(index + 1) where \((floor + 1) / 2) is due, of \(versions.count)"
        }
        if value != nil, let expiry = self.ownExpiry(of: position / 2 - 1, in: versions),
            question.sent > expiry + 1_000_000
        {
            return "rule 2: its TTL has passed"
        }
        client.seen[key] = position
        return nil
    }

    /// When the key ended with that version. What was written over it had a time to live of its own, or none: that is the key's then, and
    /// `PTTL` may tell of it already where `GET` had still brought the version before.
    private func ownExpiry(of index: Int, in versions: [ModelServer.Version]) -> UInt64? {
        guard let expiry = versions[index].expiry else { return nil }
        let next = versions.dropFirst(index + 1).first
        return next.map { $0.time <= expiry } == true ? nil : expiry
    }

    /// Values of keys that are only ever written together.
    ///
    /// - Returns: what is wrong with them; nil: nothing.
    func sawTogether(_ keys: [String], _ values: [String?], _ question: SimulationQuestion) -> String? {
        guard values.count != keys.count || values.contains(where: { $0 != values[0] }) else { return nil }
        // Of a change that the server does not announce, one key may be seen before and one after, until the heartbeat notices it.
        let age = self.oldest(question)
        let isSilent = keys.contains { self.firstSilent(self.versions($0), since: age) != nil }
        return isSilent && values.count == keys.count ? nil : "rule 4: a torn MSET"
    }

    /// Changes before that time must have been noticed, announced or not.
    private func oldest(_ question: SimulationQuestion) -> UInt64 {
        question.sent > self.bound ? question.sent - self.bound : 0
    }

    private func firstSilent(_ versions: [ModelServer.Version], since age: UInt64) -> Int? {
        versions.firstIndex { $0.isSilent && $0.time >= age }
    }

    private func versions(_ key: String) -> [ModelServer.Version] { self.chronicle.history[key] ?? [] }

    private func reason(_ floors: [(String, Int)]) -> String { floors.max { $0.1 < $1.1 }?.0 ?? "" }

    private func position(_ versions: [ModelServer.Version], _ isDue: (ModelServer.Version) -> Bool) -> Int {
        2 * ((versions.lastIndex(where: isDue) ?? -1) + 1)
    }

    /// The first position from `floor` on at which the key had that value.
    private func position(of value: String?, in versions: [ModelServer.Version], from floor: Int, now: UInt64) -> Int? {
        if value == nil, floor == 0 { return 0 }
        for index in max(0, floor / 2 - 1)..<max(versions.count, floor / 2 - 1, 0) {
            let position = 2 * (index + 1)
            if position >= floor, versions[index].value == value { return position }
            if value == nil, position + 1 >= floor, let expiry = versions[index].expiry, expiry <= now {
                return position + 1
            }
        }
        return nil
    }
}

typealias SimulationQuestion = SimulatedClient.Question
