/// How much the cache keeps, and for how long.
public struct CacheConfiguration: Sendable {
    /// Number of keys; 0 = no caching (every look-up is a miss of its own, nothing is joined or stored).
    public var capacity: Int
    /// Nanoseconds from when an entry was added to its death; nil = entries do not die by age.
    public var expiry: UInt64?
    /// Bytes for keys, values and the cache's own overhead per entry (``LocalCache/entryOverhead``).
    public var memoryLimit: Int

    /// - Parameters:
    ///   - capacity: Number of keys; 0 = no caching.
    ///   - expiry: Nanoseconds; nil = entries do not die by age.
    ///   - memoryLimit: Bytes.
    public init(capacity: Int, expiry: UInt64?, memoryLimit: Int) {
        self.capacity = capacity
        self.expiry = expiry
        self.memoryLimit = memoryLimit
    }
}
