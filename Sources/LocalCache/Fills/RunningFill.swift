/// A fill under way, or the empty place of one.
@usableFromInline
struct RunningFill<Waiter: Sendable>: Sendable {
    /// Counts the uses of this place, so that a ticket that was ended is known as such.
    @usableFromInline var generation: UInt32 = 0
    /// Where ``FillTable`` keeps what it knows of the key; absent where nothing is cached at all.
    @usableFromInline var place = Slot.absent
    @usableFromInline var lane = LaneID(loop: 0, server: .first)
    /// In the order in which fills began.
    @usableFromInline var sequence: UInt64 = 0
    @usableFromInline var isUnderWay = false
    /// Empty for a refresh that nobody waits for.
    @usableFromInline var waiters = Waiters<Waiter>.none

    @inlinable
    init() {}
}
