/// How much is kept, and for how long; may change while the cache lives, under the lock.
@usableFromInline
struct CacheLimits: Sendable {
    @usableFromInline let capacity: Int
    /// Nanoseconds of age at which an entry is dead; `UInt64.max` = never.
    @usableFromInline let expiry: UInt64
    /// Nanoseconds of age from which on a read refreshes the entry; `UInt64.max` = never.
    @usableFromInline let refreshAge: UInt64
    /// Nanoseconds of age up to which a stale entry is of use; 0 = none is.
    @usableFromInline let staleAge: UInt64
    @usableFromInline let memoryLimit: Int
    /// Always the same.
    @usableFromInline let hasher: KeyHasher

    @usableFromInline
    init(_ configuration: CacheConfiguration, hasher: KeyHasher) {
        // Slots are numbered by 32 bits, of which the highest number means "none".
        capacity = min(max(configuration.capacity, 0), Int(Slot.absent) - 1)
        expiry = configuration.expiry ?? .max
        refreshAge = configuration.refreshAge ?? .max
        staleAge = configuration.staleAge ?? 0
        memoryLimit = max(configuration.memoryLimit, 0)
        self.hasher = hasher
    }
}
