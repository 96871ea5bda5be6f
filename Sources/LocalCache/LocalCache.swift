
/// The proxy's local cache: LRU by reads over a fixed number of keys and a budget of bytes, with expiry, single flight, fill
/// tickets and fences. Every operation is O(1) (``flush()`` frees in O(n), outside the lock); any thread may call.
///
/// A *fill* is the fetch of a missed key from the backing. Who looks up a key that is missing gets a ticket and
/// fetches; whoever looks it up meanwhile joins as a waiter.
///
/// `Value` is opaque here; its size in bytes is passed in when it is stored. `Waiter` is who wants to know how a fill ended.
public final class LocalCache<Value: Sendable, Waiter: Sendable>: Sendable {
    public init(configuration: CacheConfiguration) {}

    /// Answers a read of `key`: hit, in flight, or miss. A hit makes the key the most recently read.
    ///
    /// - Parameters:
    ///   - now: Monotonic nanoseconds.
    ///   - lane: The fill lane (event loop) that the reader would fetch on.
    ///   - outstandingLane: The lane on which the reader still waits for earlier fills, or nil. Two lanes are two sockets, with
    ///     no order between them, so a reader must never wait on two at once, nor be given a key out of the cache
    ///     while an older, voided fill of the same key is still on its way: the answer then is ``LookUp/mustWait``.
    ///   - waiter: Made only when the answer is ``LookUp/joined(lane:)`` or ``LookUp/miss(_:)``, under the lock; must not call back.
    public func lookUp(
        _ key: RawSpan, now: UInt64, lane: Int, outstandingLane: Int?, waiter: () -> Waiter
    ) -> LookUp<Value> {
        fatalError("stub")
    }

    /// Ends a fill. The value is stored unless the ticket was voided or the key is fenced.
    ///
    /// - Parameters:
    ///   - fill: What to store, or nil when there is nothing to (an error, an absent key, a value beside a passed TTL).
    /// - Returns: All who waited, in the order they came; the caller tells them, outside the lock. Empty for a ticket ended before.
    public func complete(_ ticket: FillTicket, with fill: Fill<Value>?, now: UInt64) -> [Waiter] { fatalError("stub") }

    /// Drops `key` and voids its fills in flight: their waiters still get the reply, but it is not stored, and nobody joins any more.
    public func invalidate(_ key: RawSpan) { fatalError("stub") }
    /// Drops everything and voids every fill in flight.
    public func flush() { fatalError("stub") }
    /// Voids every fill in flight on one lane, whose connection was lost.
    public func voidFills(lane: Int) { fatalError("stub") }

    /// A write to `key` was forwarded: drops it, voids its fills; until ``lowerFence(_:)`` nothing is stored for it. Fences count.
    public func raiseFence(_ key: RawSpan) { fatalError("stub") }
    /// The reply to that write has arrived, or its connection ended: drops the key again, voids the fills begun meanwhile.
    public func lowerFence(_ key: RawSpan) { fatalError("stub") }
    /// As ``raiseFence(_:)`` for a command that may write any key.
    public func raiseFenceForAllKeys() { fatalError("stub") }
    /// As ``lowerFence(_:)`` for a command that may have written any key.
    public func lowerFenceForAllKeys() { fatalError("stub") }

    /// The counters and gauges as they stand.
    public var statistics: CacheStatistics { fatalError("stub") }
}

/// What a look-up found.
public enum LookUp<Value: Sendable>: Sendable {
    /// The value, and how long ago it was added, in nanoseconds.
    case hit(Value, age: UInt64)
    /// Another reader's fetch is under way on that lane; the waiter was added to it.
    case joined(lane: Int)
    /// The caller must fetch, then call ``LocalCache/complete(_:with:now:)`` with this ticket, whatever the outcome.
    case miss(FillTicket)
    /// Nothing may be answered before the reader's own earlier fills are: look up again then.
    case mustWait
}

/// A fill in flight.
public struct FillTicket: Hashable, Sendable {
    public let id: UInt64
    init(id: UInt64) { self.id = id }
}

/// What a fill brought.
public struct Fill<Value: Sendable>: Sendable {
    public var value: Value
    /// The value's size in bytes, without the key and the cache's own overhead.
    public var size: Int
    /// Monotonic nanoseconds at which the entry dies by the key's own TTL (counted from when the fetch was sent), if it has one.
    public var deadline: UInt64?
    public init(value: Value, size: Int, deadline: UInt64?) {
        self.value = value
        self.size = size
        self.deadline = deadline
    }
}

/// How much the cache keeps, and for how long.
public struct CacheConfiguration: Sendable {
    /// Number of keys; 0 = no caching (every look-up is a miss of its own, nothing is joined or stored).
    public var capacity: Int
    /// Nanoseconds from when an entry was added to its death; nil = entries do not die by age.
    public var expiry: UInt64?
    /// Bytes for keys, values and the cache's own overhead per entry.
    public var memoryLimit: Int
    public init(capacity: Int, expiry: UInt64?, memoryLimit: Int) {
        self.capacity = capacity
        self.expiry = expiry
        self.memoryLimit = memoryLimit
    }
}

/// The cache's counters since start, and its two gauges.
public struct CacheStatistics: Equatable, Sendable {
    public var hits: UInt64 = 0
    public var misses: UInt64 = 0
    /// Look-ups that joined a fetch under way.
    public var coalesced: UInt64 = 0
    public var expired: UInt64 = 0
    public var evicted: UInt64 = 0
    /// Entries dropped by an invalidation, a local write or a flush.
    public var invalidated: UInt64 = 0
    /// Fills whose reply was not stored because something changed meanwhile.
    public var voided: UInt64 = 0
    /// Keys held now.
    public var entries: Int = 0
    /// Bytes counted now: keys, values and overhead.
    public var bytes: Int = 0
    public init() {}
}
