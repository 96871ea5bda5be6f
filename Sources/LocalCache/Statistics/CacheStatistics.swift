/// The cache's counters since start, and its two gauges.
public struct CacheStatistics: Equatable, Sendable {
    /// Look-ups answered with a value.
    public var hits: UInt64 = 0
    /// Look-ups whose caller had to fetch.
    public var misses: UInt64 = 0
    /// Look-ups that joined a fetch under way.
    public var coalesced: UInt64 = 0
    /// Entries that a look-up found past their time.
    public var expired: UInt64 = 0
    /// Entries that made room for another.
    public var evicted: UInt64 = 0
    /// Entries dropped by an invalidation, a local write or a flush.
    public var invalidated: UInt64 = 0
    /// Fills whose reply was not stored because something changed meanwhile.
    public var voided: UInt64 = 0
    /// Fetches begun ahead of the end of an entry.
    public var refreshed: UInt64 = 0
    /// Keys held now.
    public var entries: Int = 0
    /// Bytes counted now: keys, values and overhead.
    public var bytes: Int = 0

    /// All zero.
    public init() {}
}
