/// What the lock guards: the entries, the fills and fences, the counters and the limits.
///
/// Over its files it is longer than 300 lines: reading, storing and dropping each concern entries and fills at once.
@usableFromInline
struct CacheState<Value: Sendable, Waiter: Sendable>: ~Copyable, Sendable {
    @usableFromInline var entries = EntryStore<Value>()
    /// Entries that may be served no longer, kept for when the backing is away; a key is in one of the two at most.
    @usableFromInline var stale = EntryStore<Value>()
    @usableFromInline var fills = FillTable<Waiter>()
    @usableFromInline var counters = CacheStatistics()
    @usableFromInline var limits: CacheLimits

    @inlinable
    init(limits: CacheLimits) { self.limits = limits }
}
