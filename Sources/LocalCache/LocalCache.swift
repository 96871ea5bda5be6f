import Synchronization
import Time

/// The proxy's local cache: LRU by reads over a fixed number of keys and a budget of bytes, with expiry, single flight, fill
/// tickets and fences. Any thread may call; one short lock per call.
///
/// Every operation is O(1), amortised where a table grows: its index then doubles under the lock, 8 to 18 bytes for each entry;
/// entries themselves never move. ``flush()`` takes O(1) under the lock and frees in O(n) outside it. An entry that costs as many
/// bytes as many small ones evicts them one by one.
///
/// A *fill* is the fetch of a missed key from the backing. Who looks up a key that is missing gets a ticket and
/// fetches; whoever looks it up meanwhile joins as a waiter.
///
/// Over its files it is longer than 300 lines: for each operation it takes the lock and frees outside of it what goes. What is done under the lock is
/// ``CacheState``'s.
///
/// `Value` is opaque here; its size in bytes is passed in when it is stored. `Waiter` is who wants to know how a fill ended.
public final class LocalCache<Value: Sendable, Waiter: Sendable>: Sendable {
    @usableFromInline let hasher: KeyHasher
    /// Whether anything is kept at all.
    @usableFromInline let isOn: Bool
    @usableFromInline let state: Mutex<CacheState<Value, Waiter>>

    /// An empty cache, with a hash of its own.
    ///
    /// - Parameter configuration: Values below zero count as zero.
    @inlinable
    public init(configuration: CacheConfiguration) {
        var generator = SystemRandomNumberGenerator()
        hasher = KeyHasher(using: &generator)
        let limits = CacheLimits(configuration, hasher: hasher)
        isOn = limits.capacity > 0
        state = Mutex(CacheState(limits: limits))
    }

    /// Bytes that each entry counts towards the memory limit beside its key and value: what it really takes, rounded up.
    @inlinable
    public static var entryOverhead: Int { Entry<Value>.overhead }

    /// Answers a read of `key`: hit, joined, or miss. A hit makes the key the most recently read.
    ///
    /// - Parameters:
    ///   - lane: The fill lane (event loop) that the reader would fetch on.
    ///   - outstandingLane: The lane on which the reader still waits for earlier fills, or nil. Two lanes are two sockets, with
    ///     no order between them, so a reader must never wait on two at once, nor be given a key out of the cache
    ///     while an older, voided fill of the same key is still on its way: the answer then is ``LookUp/mustWait``.
    ///   - copy: Given the value on a hit, where it is kept as bytes; called under the lock, so it must do no more than copy them.
    ///   - waiter: Made only when the answer is ``LookUp/joined(lane:)`` or ``LookUp/miss(_:)``, under the lock; must not call back.
    @inlinable
    public func lookUp(
        _ key: RawSpan, now: Instant, lane: LaneID, outstandingLane: LaneID?, copy: (RawSpan) -> Void,
        waiter: () -> Waiter
    ) -> LookUp<Value> {
        guard keeps(key) else {
            return state.withLock {
                $0.lookUpNothing(lane: lane, outstandingLane: outstandingLane, waiter: waiter)
            }
        }
        // Freed when this returns, after the lock.
        var discarded: Value?
        return key.withUnsafeBytes { bytes in
            let key = HashedKey(bytes: bytes, hash: hasher.hash(bytes))
            return state.withLock {
                $0.lookUp(
                    key, now: now, limits: $0.limits, lane: lane, outstandingLane: outstandingLane, copy: copy,
                    waiter: waiter, discarded: &discarded)
            }
        }
    }

    /// A look-up that neither hits nor joins, and whose fill is not stored: always a miss, unless the reader waits on another lane.
    ///
    /// For the parameters see `lookUp(_:now:lane:outstandingLane:waiter:)`.
    @inlinable
    public func lookUpBypassing(lane: LaneID, outstandingLane: LaneID?, waiter: () -> Waiter) -> LookUp<Value> {
        state.withLock { $0.lookUpNothing(lane: lane, outstandingLane: outstandingLane, waiter: waiter) }
    }

    /// A look-up for a reader to whom the cache may be too old: it neither hits nor joins a fill, which may have begun too early.
    ///
    /// For the parameters see ``lookUp(_:now:lane:outstandingLane:copy:waiter:)``.
    ///
    /// - Returns: nil: there is an entry, or a fill is under way that others join.
    @inlinable
    public func lookUpAnew(
        _ key: RawSpan, now: Instant, lane: LaneID, outstandingLane: LaneID?, waiter: () -> Waiter
    ) -> LookUp<Value>? {
        guard keeps(key) else {
            return lookUpBypassing(lane: lane, outstandingLane: outstandingLane, waiter: waiter)
        }
        // Freed when this returns, after the lock.
        var discarded: Value?
        return key.withUnsafeBytes { bytes in
            let key = HashedKey(bytes: bytes, hash: hasher.hash(bytes))
            return state.withLock {
                $0.lookUpAnew(
                    key, now: now, limits: $0.limits, lane: lane, outstandingLane: outstandingLane, waiter: waiter,
                    discarded: &discarded)
            }
        }
    }

    /// Ends a fill. The value is stored unless the ticket was voided or the key is fenced, or it is dead already or larger than
    /// the whole memory limit.
    ///
    /// - Parameters:
    ///   - result: What there is to store, if there is anything.
    /// - Returns: Who waited; the caller tells them, outside the lock. Nobody for a ticket ended before.
    @inlinable
    public func complete(_ ticket: FillTicket, with result: FillResult<Value>, now: Instant) -> EndedFill<Waiter> {
        complete(ticket, with: result, bytes: UnsafeRawBufferPointer(start: nil, count: 0), now: now)
    }

    /// Ends a fill with a value that is kept as its bytes, beside its key: that takes the least memory, and a hit copies them without
    /// counting a reference. For values so small that they are copied at least as quickly.
    ///
    /// See ``complete(_:with:now:)``.
    ///
    /// - Parameter deadline: When the entry dies by the key's own TTL, if it has one.
    @inlinable
    public func complete(
        _ ticket: FillTicket, withBytes bytes: RawSpan, deadline: Instant?, now: Instant
    ) -> EndedFill<Waiter> {
        bytes.withUnsafeBytes { bytes in
            complete(ticket, with: .value(Fill(bytes: bytes.count, deadline: deadline)), bytes: bytes, now: now)
        }
    }

    @inlinable
    func complete(
        _ ticket: FillTicket, with result: FillResult<Value>, bytes: UnsafeRawBufferPointer, now: Instant
    ) -> EndedFill<Waiter> {
        var discarded = Discarded<Value>()
        return state.withLock {
            $0.complete(ticket, with: result, bytes: bytes, now: now, limits: $0.limits, discarded: &discarded)
        }
    }

    /// Reads `key` where the backing could not be asked: a value that may be old, but not known to be, and its age.
    ///
    /// It is no use of the entry, and counts as neither hit nor miss.
    ///
    /// - Parameter make: Makes a value of one that is kept as bytes; called under the lock.
    @inlinable
    public func lookUpStale(
        _ key: RawSpan, now: Instant, make: (RawSpan) -> Value
    ) -> (value: Value, age: TimeSpan)? {
        guard keeps(key) else { return nil }
        return key.withUnsafeBytes { bytes in
            let key = HashedKey(bytes: bytes, hash: hasher.hash(bytes))
            return state.withLock { $0.lookUpStale(key, now: now, limits: $0.limits, make: make) }
        }
    }

    /// Whether there is no entry, and no fill is under way: whatever will be in the cache is fetched later than this.
    @inlinable
    public var holdsNothing: Bool {
        state.withLock {
            $0.entries.count == 0 && $0.stale.count == 0 && $0.fills.running.count == $0.fills.freeRunning.count
        }
    }

    /// The counters and gauges as they stand, all of one moment.
    @inlinable
    public var statistics: CacheStatistics {
        state.withLock { $0.statistics() }
    }

    /// Whether anything is ever kept about `key`. Redis' keys end at 512 MiB; the tables count their bytes by 32 bits.
    @inlinable
    func keeps(_ key: RawSpan) -> Bool {
        isOn && key.byteCount < Int(UInt32.max)
    }

    /// Hashes `key`, then does `body` under the lock; the value that it returns is freed after the lock.
    @inlinable
    @inline(__always)
    func withLock(_ key: RawSpan, _ body: (inout CacheState<Value, Waiter>, HashedKey) -> Value?) {
        guard keeps(key) else { return }
        key.withUnsafeBytes { bytes in
            let key = HashedKey(bytes: bytes, hash: hasher.hash(bytes))
            _ = state.withLock { body(&$0, key) }
        }
    }
}
