/// How much the cache keeps, and for how long.
public struct CacheConfiguration: Sendable, Equatable {
    /// Number of keys; 0 = no caching (every look-up is a miss of its own, nothing is joined or stored).
    public var capacity: Int
    /// Nanoseconds from when an entry was added to its death; nil = entries do not die by age.
    public var expiry: UInt64?
    /// Bytes for keys, values and the cache's own overhead per entry (``LocalCache/entryOverhead``).
    public var memoryLimit: Int
    /// Nanoseconds of age from which on a read fetches the entry anew, in the background; nil = none does.
    public var refreshAge: UInt64?
    /// Nanoseconds of age up to which entries that may be served no longer are kept, for ``LocalCache/lookUpStale(_:now:)``;
    /// nil = none are.
    public var staleAge: UInt64?

    /// - Parameters:
    ///   - capacity: Number of keys; 0 = no caching.
    ///   - expiry: Nanoseconds; nil = entries do not die by age.
    ///   - memoryLimit: Bytes.
    ///   - refreshAge: Nanoseconds; nil = nothing is refreshed ahead.
    ///   - staleAge: Nanoseconds; nil = nothing stale is kept.
    public init(
        capacity: Int, expiry: UInt64?, memoryLimit: Int, refreshAge: UInt64? = nil, staleAge: UInt64? = nil
    ) {
        self.capacity = capacity
        self.expiry = expiry
        self.memoryLimit = memoryLimit
        self.refreshAge = refreshAge
        self.staleAge = staleAge
    }
}
