import BackingClient
import LocalCache
import NIOCore

/// The cache that all event loops share.
public typealias ValueCache = LocalCache<CachedValue, WaitingRead>

/// Reads of one event loop, through the local cache to the backing: look-up, and on a miss the fill.
public final class ReadThrough {
    /// The event loop of everything here.
    public let eventLoop: any EventLoop
    private let cache: ValueCache
    private let lane: FillLane
    private let coherence: Coherence
    /// For how long a key stays known as absent, in milliseconds.
    private let absenceLifetime: Int64

    /// How a read goes on.
    public enum Reading {
        /// Answered from the cache (nil: the value's bytes have been copied); the age is in nanoseconds since the entry was added.
        case hit(CachedValue?, age: UInt64)
        /// The waiter will be told. `lane` is where the fetch is under way.
        case pending(lane: Int)
        /// Nothing may be answered before the reader's own earlier reads are: ask again then.
        case mustWait
    }

    init(cache: ValueCache, lane: FillLane, coherence: Coherence, absenceExpiry: TimeAmount) {
        self.eventLoop = lane.eventLoop
        self.cache = cache
        self.lane = lane
        self.coherence = coherence
        self.absenceLifetime = absenceExpiry.nanoseconds / 1_000_000
    }

    /// Reads `key`.
    ///
    /// - Parameters:
    ///   - now: Monotonic nanoseconds, ``MonotonicClock``.
    ///   - outstandingLane: The lane on which this reader still waits for earlier reads, or nil.
    ///   - request: Given back to the waiter.
    ///   - copy: Given a short value on a hit, before this returns, under the cache's lock; it must do no more than copy the bytes.
    public func read(
        _ key: RawSpan, now: UInt64, outstandingLane: Int?, waiter: any FillWaiter, request: UInt64,
        copy: (RawSpan) -> Void
    ) -> Reading {
        let found =
            if coherence.mayServe(now: now), coherence.keeps(key), !coherence.conditions.bypassesCache {
                cache.lookUp(key, now: now, lane: lane.index, outstandingLane: outstandingLane, copy: copy) {
                    WaitingRead(waiter: waiter, request: request)
                }
            } else {
                // A fill under way may have been asked before a change of which nobody has told us: it is not joined, either.
                cache.lookPast(lane: lane.index, outstandingLane: outstandingLane) {
                    WaitingRead(waiter: waiter, request: request)
                }
            }
        switch found {
        case .hit(let value, let age): return .hit(value, age: age)
        case .refresh(let value, let age, let ticket):
            fetch(key, ticket)
            return .hit(value, age: age)
        case .joined(let lane): return .pending(lane: lane)
        case .mustWait: return .mustWait
        case .miss(let ticket):
            fetch(key, ticket)
            return .pending(lane: lane.index)
        }
    }

    /// Reads several keys as of one moment, without asking the backing; nil where that cannot be.
    ///
    /// - Parameters:
    ///   - keys: Where the keys stand in `bytes`.
    ///   - now: Monotonic nanoseconds, ``MonotonicClock``.
    public func readTogether(_ keys: ArraySlice<Range<Int>>, in bytes: RawSpan, now: UInt64) -> LookUpTogether<
        CachedValue
    > {
        // Asked first: what is found afterwards is what stands since that barrier, or is newer than it.
        let barrier = coherence.newestBarrier
        guard coherence.mayServe(now: now), coherence.mayServeTogether else { return .missing }
        return cache.lookUpTogether(keys, in: bytes, now: now, addedBefore: barrier) { CachedValue(copying: $0) }
    }

    private func fetch(_ key: RawSpan, _ ticket: FillTicket) {
        // The key is copied: the buffer that it lies in is the session's, and goes on being written to.
        let key = ByteBuffer(copying: key)
        lane.fetch(key) { [self] reply in end(ticket, key, with: reply) }
    }

    private func end(_ ticket: FillTicket, _ key: ByteBuffer, with reply: FillReply) {
        let now = MonotonicClock.now()
        let waiters = complete(ticket, with: reply, now: now)
        guard !waiters.isEmpty else { return }
        let outcome = outcome(of: reply, key, now: now)
        for waiting in waiters { waiting.tell(outcome, from: eventLoop) }
    }

    private func complete(_ ticket: FillTicket, with reply: FillReply, now: UInt64) -> [WaitingRead] {
        if case .value(let value, let timeToLive) = reply.outcome, value.readableBytes <= CachedValue.copiedLength,
            coherence.mayStore(reply.generation)
        {
            return cache.complete(
                ticket, withBytes: value.readableBytesSpan,
                deadline: timeToLive.map { reply.sent.adding(milliseconds: $0) }, now: now)
        }
        return cache.complete(ticket, with: result(of: reply, now: now), now: now)
    }

    /// What the readers are told: where the backing is away, what was known of the key, if that is wanted.
    private func outcome(of reply: FillReply, _ key: ByteBuffer, now: UInt64) -> FillOutcome {
        if case .failure(let error) = reply.outcome, error.code != .server,
            case (.bytes(let value), let age)? = cache.lookUpStale(
                key.readableBytesSpan, now: now, make: { CachedValue(copying: $0) })
        {
            return .stale(value, age: age)
        }
        return FillOutcome(reply.outcome)
    }

    /// What of a reply may be kept: a value, until the key's own time to live has passed since the fetch was sent; never an error.
    /// A key that is absent is kept only where the server tells that somebody has set it.
    private func result(of reply: FillReply, now: UInt64) -> FillResult<CachedValue> {
        if case .failure(let error) = reply.outcome { return error.code == .server ? .nothing : .failed }
        guard coherence.mayStore(reply.generation) else { return .nothing }
        return switch reply.outcome {
        case .value(let value, let timeToLive):
            .value(
                Fill(
                    value: .bytes(value), size: value.storageCapacity + Self.bufferOverhead,
                    deadline: timeToLive.map { reply.sent.adding(milliseconds: $0) }))
        case .tooLarge(let length):
            .value(
                Fill(
                    value: .large(length: length), size: 0,
                    deadline: reply.sent.adding(milliseconds: Self.largeMarkLifetime)))
        case .absent where absenceLifetime > 0 && coherence.mayStoreAbsence(reply.generation, now: now):
            .value(Fill(value: .absent, size: 0, deadline: reply.sent.adding(milliseconds: absenceLifetime)))
        case .unstorable, .absent, .failure: .nothing
        }
    }

    /// What a `ByteBuffer` takes beside its bytes: the object that owns them, and the allocator's headers for both.
    private static let bufferOverhead = 96

    /// For how long a key stays known as large, in milliseconds: it may have become smaller without our hearing of it.
    private static let largeMarkLifetime: Int64 = 60_000
}

extension UInt64 {
    fileprivate func adding(milliseconds: Int64) -> UInt64 {
        let (nanoseconds, overflow) = UInt64(Swift.max(0, milliseconds)).multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return UInt64.max }
        let (sum, isOver) = addingReportingOverflow(nanoseconds)
        return isOver ? UInt64.max : sum
    }
}
