import Time

@testable import LocalCache

/// The rules of the cache written down as plainly as can be: arrays, searched from end to end.
struct CacheModel {
    struct Entry {
        var key: [UInt8]
        var value: Int
        var cost: Int
        var addedAt: Instant
        var deadline: Instant
    }

    struct PendingFill {
        var ticket: FillTicket
        var key: [UInt8]
        var lane: LaneID
        var waiters: [Int]
        var isVoided = false
    }

    /// As ``LookUp``, without the ticket, which only the cache can give.
    enum Answer: Equatable {
        case hit(Int, age: TimeSpan)
        case joined(lane: LaneID)
        case miss
        case mustWait
    }

    let configuration: CacheConfiguration
    let overhead: Int
    /// From the least recently used on.
    var entries: [Entry] = []
    var pendingFills: [PendingFill] = []
    var fences: [[UInt8]] = []
    var fencesForAllKeys = 0
    var statistics = CacheStatistics()

    init(configuration: CacheConfiguration, overhead: Int) {
        self.configuration = configuration
        self.overhead = overhead
    }

    /// Answers without changing anything.
    func answer(_ key: [UInt8], now: Instant, lane: LaneID, outstandingLane: LaneID?) -> Answer {
        let pendingFill = configuration.capacity == 0 ? nil : pendingFills.first { $0.key == key && !$0.isVoided }
        let entry = entries.first { $0.key == key && now < $0.deadline }
        if let outstandingLane {
            if configuration.capacity > 0, pendingFills.contains(where: { $0.key == key && $0.isVoided }) {
                return .mustWait
            }
            if entry == nil, (pendingFill?.lane ?? lane) != outstandingLane { return .mustWait }
        }
        if let entry { return .hit(entry.value, age: now - entry.addedAt) }
        if let pendingFill { return .joined(lane: pendingFill.lane) }
        return .miss
    }

    /// Does what follows from an answer. `ticket` is the cache's own on a miss.
    mutating func apply(_ answer: Answer, key: [UInt8], lane: LaneID, waiter: Int, ticket: FillTicket?) {
        let position = entries.firstIndex { $0.key == key }
        switch answer {
        case .mustWait:
            return
        case .hit:
            if let position { entries.append(entries.remove(at: position)) }
            statistics.hits += 1
            return
        case .joined:
            if let pendingFill = pendingFills.firstIndex(where: { $0.key == key && !$0.isVoided }) {
                pendingFills[pendingFill].waiters.append(waiter)
            }
            statistics.coalesced += 1
        case .miss:
            if let ticket { pendingFills.append(PendingFill(ticket: ticket, key: key, lane: lane, waiters: [waiter])) }
            statistics.misses += 1
        }
        if let position {
            entries.remove(at: position)
            statistics.expired += 1
        }
    }

    mutating func complete(_ ticket: FillTicket, with fill: Fill<Int>?, now: Instant) -> [Int] {
        guard let position = pendingFills.firstIndex(where: { $0.ticket == ticket }) else { return [] }
        let pendingFill = pendingFills.remove(at: position)
        guard let fill, let value = fill.value, configuration.capacity > 0 else { return pendingFill.waiters }
        guard !pendingFill.isVoided, fencesForAllKeys == 0, !fences.contains(pendingFill.key) else {
            statistics.voided += 1
            return pendingFill.waiters
        }
        var deadline = fill.deadline ?? .distantFuture
        if let expiry = configuration.expiry { deadline = min(deadline, now + expiry) }
        let cost = pendingFill.key.count + fill.size + overhead
        guard now < deadline, cost <= configuration.memoryLimit else { return pendingFill.waiters }
        while entries.count == configuration.capacity || bytes + cost > configuration.memoryLimit {
            entries.removeFirst()
            statistics.evicted += 1
        }
        entries.append(Entry(key: pendingFill.key, value: value, cost: cost, addedAt: now, deadline: deadline))
        return pendingFill.waiters
    }

    mutating func drop(where condition: ([UInt8]) -> Bool) {
        let before = entries.count
        entries.removeAll { condition($0.key) }
        statistics.invalidated += UInt64(before - entries.count)
        voidFills { condition($0.key) }
    }

    mutating func voidFills(where condition: (PendingFill) -> Bool) {
        for position in pendingFills.indices where condition(pendingFills[position]) {
            pendingFills[position].isVoided = true
        }
    }

    mutating func raiseFence(_ key: [UInt8]) {
        fences.append(key)
        drop { $0 == key }
    }

    mutating func lowerFence(_ key: [UInt8]) {
        if let position = fences.firstIndex(of: key) { fences.remove(at: position) }
        drop { $0 == key }
    }

    mutating func raiseFenceForAllKeys() {
        fencesForAllKeys += 1
        drop { _ in true }
    }

    mutating func lowerFenceForAllKeys() {
        fencesForAllKeys = max(fencesForAllKeys - 1, 0)
        drop { _ in true }
    }

    var bytes: Int { entries.reduce(0) { $0 + $1.cost } }

    var expectedStatistics: CacheStatistics {
        var expected = statistics
        expected.entries = entries.count
        expected.bytes = bytes
        return expected
    }
}
