import Time

/// How much the cache keeps, and for how long.
public struct CacheConfiguration: Sendable, Equatable {
    /// Number of keys; 0 = no caching (every look-up is a miss of its own, nothing is joined or stored).
    public var capacity: Int
    /// From when an entry was added to its death; nil = entries do not die by age.
    public var expiry: TimeSpan?
    /// Bytes for keys, values and the cache's own overhead per entry (``LocalCache/entryOverhead``).
    public var memoryLimit: Int
    /// The age from which on a read fetches the entry anew, in the background; nil = none does.
    public var refreshAge: TimeSpan?
    /// The age up to which entries that may be served no longer are kept, for `LocalCache/lookUpStale(_:now:make:)`; nil = none are.
    public var staleAge: TimeSpan?

    /// - Parameters:
    ///   - capacity: Number of keys; 0 = no caching.
    ///   - expiry: nil = entries do not die by age.
    ///   - memoryLimit: Bytes.
    ///   - refreshAge: nil = nothing is refreshed ahead.
    ///   - staleAge: nil = nothing stale is kept.
    public init(
        capacity: Int, expiry: TimeSpan?, memoryLimit: Int, refreshAge: TimeSpan? = nil, staleAge: TimeSpan? = nil
    ) {
        self.capacity = capacity
        self.expiry = expiry
        self.memoryLimit = memoryLimit
        self.refreshAge = refreshAge
        self.staleAge = staleAge
    }
}
