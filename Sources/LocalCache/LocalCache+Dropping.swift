import Synchronization
import Time

extension LocalCache {
    /// Drops `key` and voids its fills under way: their waiters still get the reply, but it is not stored, and nobody joins any more.
    @inlinable
    public func invalidate(_ key: RawSpan) {
        withLock(key) { $0.invalidate($1) }
    }

    /// Drops everything and voids every fill under way.
    @inlinable
    public func flush() {
        guard isOn else { return }
        _ = state.withLock { $0.flush() }
    }

    /// As ``flush()`` where nothing is known to have changed: what may be of use as stale is kept apart.
    @inlinable
    public func flushKeepingStale() {
        guard isOn else { return }
        _ = state.withLock { state -> FlushedEntries<Value>? in
            guard state.limits.staleAge > .zero else { return state.flush() }
            state.retireAll(limits: state.limits)
            return nil
        }
    }

    /// Voids every fill under way on one lane, whose connection was lost.
    @inlinable
    public func voidFills(lane: LaneID) {
        guard isOn else { return }
        state.withLock { $0.fills.voidAll(lane: lane) }
    }

    /// A write to `key` was forwarded, to whichever server: drops it, voids its fills; until ``lowerFence(_:)`` nothing is stored for it. Fences count.
    ///
    /// Readers who come while the fence stands share fills among themselves; lowering it voids those too.
    @inlinable
    public func raiseFence(_ key: RawSpan) {
        withLock(key) { $0.raiseFence($1) }
    }

    /// The reply to that write has arrived, or its connection ended: drops the key again, voids the fills begun meanwhile.
    @inlinable
    public func lowerFence(_ key: RawSpan) {
        withLock(key) { $0.lowerFence($1) }
    }

    /// As ``raiseFence(_:)`` for a command that may write any key. With several servers it stands for the keys of all.
    @inlinable
    public func raiseFenceForAllKeys() {
        guard isOn else { return }
        _ = state.withLock { state in
            state.fills.fencesForAllKeys += 1
            return state.flush()
        }
    }

    /// As ``lowerFence(_:)`` for a command that may have written any key.
    @inlinable
    public func lowerFenceForAllKeys() {
        guard isOn else { return }
        _ = state.withLock { state in
            state.fills.fencesForAllKeys = max(state.fills.fencesForAllKeys - 1, 0)
            return state.flush()
        }
    }
}
