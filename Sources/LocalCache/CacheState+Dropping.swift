extension CacheState {
    /// Drops the entry of `key` and voids its fill.
    @inlinable
    mutating func invalidate(_ key: HashedKey) -> Value? {
        let place = fills.place(of: key)
        if place != .absent {
            fills.voidIfVoidedWithOthers(place)
            fills.voidFill(of: place)
        }
        return drop(key)
    }

    @inlinable
    mutating func raiseFence(_ key: HashedKey) -> Value? {
        let place = fills.placeOrNew(of: key)
        fills.voidIfVoidedWithOthers(place)
        fills.voidFill(of: place)
        fills.keys[Int(place)].fences += 1
        return drop(key)
    }

    @inlinable
    mutating func lowerFence(_ key: HashedKey) -> Value? {
        let place = fills.place(of: key)
        if place != .absent {
            fills.voidIfVoidedWithOthers(place)
            fills.voidFill(of: place)
            let fences = fills.keys[Int(place)].fences
            fills.keys[Int(place)].fences = max(fences - 1, 0)
            fills.removeIfOver(place)
        }
        return drop(key)
    }

    /// Drops everything and voids every fill.
    ///
    /// - Returns: The entries, to be freed outside the lock, or nil if there were none.
    @inlinable
    mutating func flush() -> FlushedEntries<Value>? {
        fills.voidAll()
        guard entries.count > 0 || stale.count > 0 else { return nil }
        counters.invalidated &+= UInt64(entries.count)
        var dropped = FlushedEntries<Value>()
        swap(&dropped.entries, &entries)
        swap(&dropped.stale, &stale)
        return dropped
    }

    @inlinable
    mutating func drop(_ key: HashedKey) -> Value? {
        if stale.count > 0, let position = stale.position(of: key) { return stale.remove(at: position) }
        guard let position = entries.position(of: key) else { return nil }
        counters.invalidated &+= 1
        return entries.remove(at: position)
    }

    @inlinable
    func statistics() -> CacheStatistics {
        var statistics = counters
        statistics.entries = entries.count
        statistics.bytes = entries.bytes
        return statistics
    }
}

/// What a flush took out of the cache.
@usableFromInline
struct FlushedEntries<Value: Sendable>: ~Copyable, Sendable {
    @usableFromInline var entries = EntryStore<Value>()
    @usableFromInline var stale = EntryStore<Value>()

    @inlinable
    init() {}
}
