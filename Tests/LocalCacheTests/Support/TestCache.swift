import Time

@testable import LocalCache

/// A cache of numbers with text for keys, a clock that is set by hand, and waiters numbered by the test.
final class TestCache: Sendable {
    typealias Cache = LocalCache<Int, Int>

    let cache: Cache

    init(
        capacity: Int = 100, expiry: TimeSpan? = nil, memoryLimit: Int = 1 << 30, refreshAge: TimeSpan? = nil,
        staleAge: TimeSpan? = nil
    ) {
        cache = Cache(
            configuration: CacheConfiguration(
                capacity: capacity, expiry: expiry, memoryLimit: memoryLimit, refreshAge: refreshAge,
                staleAge: staleAge))
    }

    var statistics: CacheStatistics { cache.statistics }

    func lookUp(_ key: String, now: Instant = 0, lane: LaneID = 0, outstanding: LaneID? = nil, waiter: Int = 0)
        -> Answer
    {
        let bytes = Array(key.utf8)
        var copied: Int?
        let found = cache.lookUp(
            bytes.span.bytes, now: now, lane: lane, outstandingLane: outstanding, copy: { copied = Self.number($0) },
            waiter: { waiter })
        return Answer(found, copied: copied)
    }

    /// A number that was stored as its bytes.
    static func number(_ bytes: RawSpan) -> Int { bytes.unsafeLoadUnaligned(as: Int.self) }

    /// Looks a key up that must be missing.
    func miss(_ key: String, now: Instant = 0, lane: LaneID = 0, waiter: Int = 0) throws -> FillTicket {
        guard case .miss(let ticket) = lookUp(key, now: now, lane: lane, waiter: waiter) else { throw NotMissing() }
        return ticket
    }

    @discardableResult
    func complete(
        _ ticket: FillTicket, value: Int = 0, size: Int = 1, deadline: Instant? = nil, now: Instant = 0
    ) -> [Int] {
        cache.complete(ticket, with: .value(Fill(value: value, size: size, deadline: deadline)), now: now).waiters.all
    }

    /// As ``complete(_:value:size:deadline:now:)``, but the value is stored as its bytes.
    @discardableResult
    func complete(_ ticket: FillTicket, bytesOf value: Int, deadline: Instant? = nil, now: Instant = 0) -> [Int] {
        withUnsafeBytes(of: value) { bytes in
            cache.complete(ticket, withBytes: bytes.bytes, deadline: deadline, now: now).waiters.all
        }
    }

    func load(
        _ key: String, value: Int = 0, size: Int = 1, deadline: Instant? = nil, now: Instant = 0
    ) throws {
        complete(try miss(key, now: now), value: value, size: size, deadline: deadline, now: now)
    }

    /// Whether a look-up, which counts as use, finds the key.
    func hits(_ key: String, now: Instant = 0) -> Bool {
        guard case .hit = lookUp(key, now: now) else { return false }
        return true
    }

    /// Which of the keys are stored, without using any of them.
    func stored(_ keys: [String]) -> [String] {
        keys.filter { key in
            let bytes = Array(key.utf8)
            return bytes.withUnsafeBytes { bytes in
                let key = HashedKey(bytes: bytes, hash: cache.hasher.hash(bytes))
                return cache.state.withLock { $0.entries.position(of: key) != nil }
            }
        }
    }

    func invalidate(_ key: String) { cache.invalidate(Array(key.utf8).span.bytes) }
    func raiseFence(_ key: String) { cache.raiseFence(Array(key.utf8).span.bytes) }
    func lowerFence(_ key: String) { cache.lowerFence(Array(key.utf8).span.bytes) }

    struct NotMissing: Error {}

    /// A look-up's answer, comparable.
    enum Answer: Equatable {
        case hit(Int?, age: TimeSpan)
        case joined(lane: LaneID)
        case miss(FillTicket)
        case mustWait
        case refresh(Int?, FillTicket)

        init(_ lookUp: LookUp<Int>, copied: Int?) {
            switch lookUp {
            case .hit(let value, let age): self = .hit(value ?? copied, age: age)
            case .joined(let lane): self = .joined(lane: lane)
            case .miss(let ticket): self = .miss(ticket)
            case .mustWait: self = .mustWait
            case .refresh(let value, _, let ticket): self = .refresh(value ?? copied, ticket)
            }
        }

        var isMiss: Bool {
            if case .miss = self { true } else { false }
        }
    }
}
