import Time

extension CacheState {
    /// Takes an entry out that is past its time; it is kept as a stale one where that is wanted.
    ///
    /// - Returns: A value to be freed outside the lock.
    @inlinable
    mutating func retire(at position: Int, _ key: HashedKey, now: Instant, limits: CacheLimits) -> Value? {
        let entry = entries.pointer(at: position)
        guard entry.pointee.lifetime.lives(now: now, upTo: limits.staleAge) else {
            return entries.remove(at: position)
        }
        keepStale(entries.take(at: position), hash: key.hash, limits: limits)
        return nil
    }

    /// Everything ceases to be served; it is kept as stale. Takes O(1) unless stale entries are there already.
    @inlinable
    mutating func retireAll(limits: CacheLimits) {
        fills.voidAll()
        counters.invalidated &+= UInt64(entries.count)
        if stale.count == 0 { return swap(&stale, &entries) }
        while let entry = entries.takeOldest(hasher: limits.hasher) {
            keepStale(entry, hash: limits.hasher.hash(entry.key.bytes), limits: limits)
        }
    }

    /// The stale entries have the same limits as the others, once more.
    @inlinable
    mutating func keepStale(_ entry: Entry<Value>, hash: UInt32, limits: CacheLimits) {
        stale.add(
            entry.key, hash: hash, value: entry.value, size: entry.size, lifetime: entry.lifetime)
        while stale.count > limits.capacity || stale.bytes > limits.memoryLimit {
            guard let oldest = stale.takeOldest(hasher: limits.hasher) else { break }
            _ = oldest.release()
        }
    }

    /// A value that is not to be served but where there is nothing better: no older than ``CacheLimits/staleAge``, and never past the
    /// key's own time to live.
    @inlinable
    func lookUpStale(
        _ key: HashedKey, now: Instant, limits: CacheLimits, make: (RawSpan) -> Value
    ) -> (value: Value, age: TimeSpan)? {
        guard limits.staleAge > .zero else { return nil }
        if let position = stale.position(of: key) {
            return value(in: stale.pointer(at: position), now: now, limits: limits, make: make)
        }
        guard let position = entries.position(of: key) else { return nil }
        return value(in: entries.pointer(at: position), now: now, limits: limits, make: make)
    }

    @inlinable
    func value(
        in entry: UnsafeMutablePointer<Entry<Value>>, now: Instant, limits: CacheLimits, make: (RawSpan) -> Value
    ) -> (value: Value, age: TimeSpan)? {
        guard entry.pointee.lifetime.lives(now: now, upTo: limits.staleAge) else { return nil }
        return (entry.pointee.value(make), entry.pointee.lifetime.age(now: now))
    }
}
