/// What the lock guards: the entries, the fills and fences, and the counters.
@usableFromInline
struct CacheState<Value: Sendable, Waiter: Sendable>: ~Copyable, Sendable {
    @usableFromInline var entries = EntryStore<Value>()
    @usableFromInline var flights = FlightTable<Waiter>()
    @usableFromInline var counters = CacheStatistics()

    @inlinable
    init() {}
}
