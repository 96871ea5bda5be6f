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
        /// Answered from the cache; the age is in nanoseconds since the entry was added.
        case hit(CachedValue, age: UInt64)
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
    public func read(
        _ key: RawSpan, now: UInt64, outstandingLane: Int?, waiter: any FillWaiter, request: UInt64
    ) -> Reading {
        let found =
            if coherence.mayServe(now: now), coherence.keeps(key) {
                cache.lookUp(key, now: now, lane: lane.index, outstandingLane: outstandingLane) {
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
        case .joined(let lane): return .pending(lane: lane)
        case .mustWait: return .mustWait
        case .miss(let ticket):
            // The key is copied: the buffer that it lies in is the session's, and goes on being written to.
            lane.fetch(ByteBuffer(copying: key)) { [self] reply in end(ticket, with: reply) }
            return .pending(lane: lane.index)
        }
    }

    private func end(_ ticket: FillTicket, with reply: FillReply) {
        let waiters = cache.complete(ticket, with: fill(from: reply), now: MonotonicClock.now())
        let outcome = FillOutcome(reply.outcome)
        for waiting in waiters { waiting.tell(outcome, from: eventLoop) }
    }

    /// What of a reply may be kept: a value, until the key's own time to live has passed since the fetch was sent; never an error.
    /// A key that is absent is kept only where the server tells that somebody has set it.
    private func fill(from reply: FillReply) -> Fill<CachedValue>? {
        guard coherence.mayStore(reply.generation) else { return nil }
        return switch reply.outcome {
        case .value(let value, let timeToLive):
            Fill(
                value: .bytes(value), size: value.storageCapacity + Self.bufferOverhead,
                deadline: timeToLive.map { reply.sent.adding(milliseconds: $0) })
        case .tooLarge(let length):
            Fill(
                value: .large(length: length), size: 0,
                deadline: reply.sent.adding(milliseconds: Self.largeMarkLifetime))
        case .absent where absenceLifetime > 0 && coherence.mayStoreAbsence(reply.generation):
            Fill(value: .absent, size: 0, deadline: reply.sent.adding(milliseconds: absenceLifetime))
        case .unstorable, .absent, .failure: nil
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
