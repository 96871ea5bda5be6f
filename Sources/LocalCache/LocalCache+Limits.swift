import Synchronization
import Time

extension LocalCache {
    /// Keeps so much from now on, and for so long. What is too much goes, the least recently read first, and counts as evicted.
    ///
    /// Whether anything is kept at all is settled when the cache is made: a capacity of 0 is taken for 1, and where it was 0 nothing
    /// changes.
    @inlinable
    public func change(to configuration: CacheConfiguration) {
        guard isOn else { return }
        var configuration = configuration
        configuration.capacity = max(configuration.capacity, 1)
        let limits = CacheLimits(configuration, hasher: hasher)
        state.withLock { $0.limits = limits }
        // In pieces, so that no reader waits for long.
        var isDone = false
        while !isDone {
            var discarded = Discarded<Value>()
            isDone = state.withLock { $0.dropExcess(upTo: 256, discarded: &discarded) }
        }
    }
}

extension CacheState {
    /// Drops some of what is more than the limits allow.
    ///
    /// - Returns: Whether nothing is left to be dropped.
    @inlinable
    mutating func dropExcess(upTo count: Int, discarded: inout Discarded<Value>) -> Bool {
        for _ in 0..<count {
            if entries.count > limits.capacity || entries.bytes > limits.memoryLimit {
                guard let oldest = entries.takeOldest(hasher: limits.hasher) else { return true }
                discarded.append(oldest.release())
                counters.evicted &+= 1
            } else if stale.count > (limits.staleAge > .zero ? limits.capacity : 0) || stale.bytes > limits.memoryLimit
            {
                guard let oldest = stale.takeOldest(hasher: limits.hasher) else { return true }
                discarded.append(oldest.release())
            } else {
                return true
            }
        }
        return false
    }
}
