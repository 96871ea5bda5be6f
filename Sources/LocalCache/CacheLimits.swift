/// What stays as it is while the cache lives; read without the lock.
@usableFromInline
struct CacheLimits: Sendable {
    @usableFromInline let capacity: Int
    @usableFromInline let expiry: UInt64?
    @usableFromInline let memoryLimit: Int
    @usableFromInline let hasher: KeyHasher

    @usableFromInline
    init(_ configuration: CacheConfiguration) {
        // Slots are numbered by 32 bits, of which the highest number means "none".
        capacity = min(max(configuration.capacity, 0), Int(Slot.absent) - 1)
        expiry = configuration.expiry
        memoryLimit = max(configuration.memoryLimit, 0)
        var generator = SystemRandomNumberGenerator()
        hasher = KeyHasher(using: &generator)
    }

    /// When an entry added at `now` dies of age.
    @inlinable
    func deadline(from now: UInt64) -> UInt64 {
        guard let expiry else { return .max }
        let (deadline, overflow) = now.addingReportingOverflow(expiry)
        return overflow ? .max : deadline
    }
}
