import Synchronization
import TestSupport
import Testing
import Time

@testable import LocalCache

@Suite("Many threads at once")
struct ConcurrencyTests {
    /// A value that says when it is freed.
    final class Tracked: Sendable {
        static let alive = Atomic<Int>(0)
        let key: Int

        init(key: Int) {
            self.key = key
            Self.alive.add(1, ordering: .relaxed)
        }

        deinit { Self.alive.subtract(1, ordering: .relaxed) }
    }

    struct Tally {
        var begun = 0
        var told: [Int] = []
        var wrongValues = 0
    }

    static let capacity = 150
    static let memoryLimit = 140 * (LocalCache<Tracked, Int>.entryOverhead + 60)

    @Test("no waiter is lost or told twice, no key gets another's value, and capacity and bytes hold at the end")
    func hammering() async {
        let seed = UInt64.random(in: .min ... .max)
        do {
            let cache = LocalCache<Tracked, Int>(
                configuration: CacheConfiguration(
                    capacity: Self.capacity, expiry: 5000, memoryLimit: Self.memoryLimit))
            let tallies = await withTaskGroup(of: Tally.self) { group in
                for worker in 0..<4 {
                    group.addTask { Self.work(on: cache, worker: worker, seed: seed &+ UInt64(worker)) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let told = tallies.flatMap(\.told)
            #expect(told.count == tallies.reduce(0) { $0 + $1.begun }, "seed \(seed)")
            #expect(Set(told).count == told.count, "seed \(seed)")
            #expect(tallies.allSatisfy { $0.wrongValues == 0 }, "seed \(seed)")
            let statistics = cache.statistics
            #expect(statistics.entries > 0 && statistics.entries <= Self.capacity, "seed \(seed)")
            #expect(statistics.bytes <= Self.memoryLimit, "seed \(seed)")
            #expect(Tracked.alive.load(ordering: .relaxed) == statistics.entries, "seed \(seed)")
            #expect(cache.state.withLock { $0.fills.index.count } == 0, "seed \(seed)")
            #expect(Self.bytesByCounting(cache) == statistics.bytes, "seed \(seed)")
        }
        #expect(Tracked.alive.load(ordering: .relaxed) == 0, "values outlive their cache")
    }

    /// Looks up, completes late and out of order, and drops, at random.
    private static func work(on cache: LocalCache<Tracked, Int>, worker: Int, seed: UInt64) -> Tally {
        var generator = SeededGenerator(seed: seed)
        var tally = Tally()
        var open: [(ticket: FillTicket, key: Int)] = []

        func complete(_ position: Int) {
            let (ticket, key) = open.remove(at: position)
            let fill = Fill(value: Tracked(key: key), size: 40, deadline: nil)
            tally.told +=
                cache.complete(ticket, with: .value(fill), now: Instant(nanoseconds: UInt64(tally.begun))).waiters.all
        }
        for step in 0..<20_000 {
            let number = Int.random(in: 0..<400, using: &generator)
            let key = Array("key:\(number)".utf8)
            switch Int.random(in: 0..<100, using: &generator) {
            case 0: cache.invalidate(key.span.bytes)
            case 1:
                cache.raiseFence(key.span.bytes)
                cache.lowerFence(key.span.bytes)
            case 2 where step.isMultiple(of: 10): cache.flush()
            case 3 where step.isMultiple(of: 10):
                cache.raiseFenceForAllKeys()
                cache.lowerFenceForAllKeys()
            case 4: cache.voidFills(lane: LaneID(loop: worker, server: .first))
            default:
                let waiter = worker << 32 | step
                switch cache.lookUp(
                    key.span.bytes, now: Instant(nanoseconds: UInt64(tally.begun)),
                    lane: LaneID(loop: worker, server: .first),
                    outstandingLane: nil, copy: { _ in },
                    waiter: { waiter })
                {
                case .hit(let value, _): tally.wrongValues += value?.key == number ? 0 : 1
                case .joined: tally.begun += 1
                case .miss(let ticket):
                    tally.begun += 1
                    open.append((ticket, number))
                case .mustWait, .refresh: tally.wrongValues += 1
                }
            }
            if open.count > 5 { complete(Int.random(in: 0..<open.count, using: &generator)) }
        }
        while !open.isEmpty { complete(0) }
        return tally
    }

    private static func bytesByCounting(_ cache: LocalCache<Tracked, Int>) -> Int {
        cache.state.withLock { state in
            var bytes = 0
            var slot = state.entries.oldest
            while slot != .absent {
                let entry = state.entries.pointer(to: slot).pointee
                bytes += Int(entry.key.count) + Int(entry.size) + LocalCache<Tracked, Int>.entryOverhead
                slot = entry.newer
            }
            return bytes
        }
    }
}
