import TestSupport
import Time

@testable import LocalCache

/// Does random operations on a cache and on its model, and compares all that can be seen.
struct ModelRun {
    private let cache: LocalCache<Int, Int>
    private(set) var model: CacheModel
    /// How often the answer was to wait.
    private(set) var waits = 0
    private var generator: SeededGenerator
    private var now: Instant = 1000
    private var nextNumber = 0

    init(configuration: CacheConfiguration, seed: UInt64) {
        cache = LocalCache(configuration: configuration)
        model = CacheModel(configuration: configuration, overhead: LocalCache<Int, Int>.entryOverhead)
        generator = SeededGenerator(seed: seed)
    }

    /// - Returns: What the cache did otherwise than the model, or nil.
    mutating func step() -> String? {
        now = now + .nanoseconds(.random(in: 0...5, using: &generator))
        let key = randomKey()
        let span = key.span.bytes
        switch Int.random(in: 0..<1000, using: &generator) {
        case 0..<500:
            if let difference = lookUp(key) { return difference }
        case 500..<880:
            if let difference = complete() { return difference }
        case 880..<920:
            cache.invalidate(span)
            model.drop { $0 == key }
        case 920..<950:
            cache.raiseFence(span)
            model.raiseFence(key)
        case 950..<985:
            // Mostly a fence that is up, so that they do not pile up.
            let fenced = model.fences.randomElement(using: &generator) ?? key
            cache.lowerFence(fenced.span.bytes)
            model.lowerFence(fenced)
        case 985..<988:
            cache.raiseFenceForAllKeys()
            model.raiseFenceForAllKeys()
        case 988..<994:
            cache.lowerFenceForAllKeys()
            model.lowerFenceForAllKeys()
        case 994..<997:
            let lane = LaneID(loop: Int.random(in: 0..<3, using: &generator), server: .first)
            cache.voidFills(lane: lane)
            model.voidFills { $0.lane == lane }
        default:
            cache.flush()
            model.drop { _ in true }
        }
        let seen = cache.statistics
        let expected = model.expectedStatistics
        return seen == expected ? nil : "\(seen) instead of \(expected)"
    }

    private mutating func lookUp(_ key: [UInt8]) -> String? {
        let lane = LaneID(loop: Int.random(in: 0..<3, using: &generator), server: .first)
        let outstanding: LaneID? =
            Bool.random(using: &generator)
            ? nil : LaneID(loop: Int.random(in: 0..<3, using: &generator), server: .first)
        nextNumber += 1
        let waiter = nextNumber
        let expected = model.answer(key, now: now, lane: lane, outstandingLane: outstanding)
        var ticket: FillTicket?
        let seen: CacheModel.Answer
        var copied: Int?
        let found = cache.lookUp(
            key.span.bytes, now: now, lane: lane, outstandingLane: outstanding, copy: { copied = TestCache.number($0) },
            waiter: { waiter })
        switch found {
        case .hit(let value, let age):
            guard let value = value ?? copied else { return "a hit without a value" }
            seen = .hit(value, age: age)
        case .joined(let lane): seen = .joined(lane: lane)
        case .mustWait: seen = .mustWait
        case .refresh: return "a refresh that was not asked for"
        case .miss(let new):
            seen = .miss
            ticket = new
        }
        if seen == .mustWait { waits += 1 }
        model.apply(expected, key: key, lane: lane, waiter: waiter, ticket: ticket)
        return seen == expected ? nil : "\(seen) instead of \(expected) for \(key)"
    }

    private mutating func complete() -> String? {
        guard let pendingFill = model.pendingFills.randomElement(using: &generator) else { return nil }
        nextNumber += 1
        let hasDeadline = Int.random(in: 0..<4, using: &generator) == 0
        var fill: Fill<Int>? = Fill(
            value: nextNumber, size: .random(in: 0..<60, using: &generator),
            deadline: hasDeadline ? now + .nanoseconds(.random(in: 0...300, using: &generator)) : nil)
        if Int.random(in: 0..<10, using: &generator) == 0 { fill = nil }
        let seen: [Int]
        if fill != nil, Bool.random(using: &generator) {
            fill?.size = MemoryLayout<Int>.size
            seen = withUnsafeBytes(of: nextNumber) { bytes in
                cache.complete(pendingFill.ticket, withBytes: bytes.bytes, deadline: fill?.deadline, now: now).waiters
                    .all
            }
        } else {
            seen = cache.complete(pendingFill.ticket, with: fill.map { .value($0) } ?? .nothing, now: now).waiters.all
        }
        let expected = model.complete(pendingFill.ticket, with: fill, now: now)
        return seen == expected ? nil : "waiters \(seen) instead of \(expected)"
    }

    /// One of 40 keys of 0 to 39 bytes, the smaller ones more often.
    private mutating func randomKey() -> [UInt8] {
        let number = Int.random(in: 0..<40, using: &generator) * Int.random(in: 1..<40, using: &generator) / 39
        return (0..<number).map { UInt8(truncatingIfNeeded: $0 &* number) }
    }
}
