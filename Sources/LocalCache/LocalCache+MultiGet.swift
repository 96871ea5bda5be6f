import Synchronization
import Time

/// What a look-up of several keys at one moment found.
public enum MultiGet<Value: Sendable>: Sendable {
    /// All of them, in the order of the keys.
    case hit([Value])
    /// All of them, but the newest was added only then and so they may be of different moments.
    case tooNew(addedAt: Instant)
    /// Not all of them.
    case missing
}

extension LocalCache {
    /// Answers a read of several keys, all or none, from one moment.
    ///
    /// - Parameters:
    ///   - keys: Where the keys stand in `bytes`.
    ///   - addedBefore: All must have been added before this: a moment after which nothing about any of them
    ///     can be unknown here that was true then.
    ///   - make: Makes a value of one that is kept as bytes; called under the lock.
    @inlinable
    public func multiGet(
        _ keys: ArraySlice<Range<Int>>, in bytes: RawSpan, now: Instant, addedBefore: Instant,
        make: (RawSpan) -> Value
    ) -> MultiGet<Value> {
        guard isOn else { return .missing }
        var hashes: [UInt32] = []
        hashes.reserveCapacity(keys.count)
        return bytes.withUnsafeBytes { bytes in
            for key in keys { hashes.append(hasher.hash(UnsafeRawBufferPointer(rebasing: bytes[key]))) }
            return state.withLock { state in
                var index = 0
                return state.multiGet(
                    count: keys.count, now: now, limits: state.limits, addedBefore: addedBefore, make: make
                ) {
                    defer { index += 1 }
                    let key = keys[keys.startIndex + index]
                    return HashedKey(bytes: UnsafeRawBufferPointer(rebasing: bytes[key]), hash: hashes[index])
                }
            }
        }
    }
}

extension CacheState {
    /// - Parameter next: Answers the next key.
    @inlinable
    mutating func multiGet(
        count: Int, now: Instant, limits: CacheLimits, addedBefore: Instant, make: (RawSpan) -> Value,
        next: () -> HashedKey
    ) -> MultiGet<Value> {
        var slots: [Slot] = []
        slots.reserveCapacity(count)
        var newest = Instant.distantPast
        for _ in 0..<count {
            guard let position = entries.position(of: next()) else { return .missing }
            let slot = entries.index.slot(at: position)
            let entry = entries.pointer(to: slot)
            guard entry.pointee.lifetime.lives(now: now, upTo: limits.expiry) else { return .missing }
            newest = max(newest, entry.pointee.lifetime.addedAt)
            slots.append(slot)
        }
        guard newest < addedBefore else { return .tooNew(addedAt: newest) }
        counters.hits &+= UInt64(count)
        return .hit(
            slots.map { slot in
                entries.use(slot)
                return entries.pointer(to: slot).pointee.value(make)
            })
    }
}
