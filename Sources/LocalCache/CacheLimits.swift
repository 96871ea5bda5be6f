import Time

/// How much is kept, and for how long; may change while the cache lives, under the lock.
@usableFromInline
struct CacheLimits: Sendable {
    @usableFromInline let capacity: Int
    /// The age at which an entry is dead.
    @usableFromInline let expiry: TimeSpan
    /// The age from which on a read refreshes the entry.
    @usableFromInline let refreshAge: TimeSpan
    /// The age up to which a stale entry is of use; zero: none is.
    @usableFromInline let staleAge: TimeSpan
    @usableFromInline let memoryLimit: Int
    /// Always the same.
    @usableFromInline let hasher: KeyHasher

    @usableFromInline
    init(_ configuration: CacheConfiguration, hasher: KeyHasher) {
        // Slots are numbered by 32 bits, of which the highest number means "none".
        capacity = min(max(configuration.capacity, 0), Int(Slot.absent) - 1)
        expiry = configuration.expiry ?? .forever
        refreshAge = configuration.refreshAge ?? .forever
        staleAge = configuration.staleAge ?? .zero
        memoryLimit = max(configuration.memoryLimit, 0)
        self.hasher = hasher
    }
}
