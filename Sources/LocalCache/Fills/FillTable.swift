/// The fills under way and the fences.
///
/// To void *all* fills, or all of a lane, is O(1): fills are numbered as they begin, and a number is kept below which they
/// are void. The fill that readers of a key join may thus be void without knowing it, until ``voidIfVoidedWithOthers(_:)`` is called for the key.
@usableFromInline
struct FillTable<Waiter: Sendable>: ~Copyable, @unchecked Sendable {
    // The records of keys own the keys' memory, and nobody else has it, hence Sendable.
    @usableFromInline var running: [RunningFill<Waiter>] = []
    @usableFromInline var freeRunning: [Slot] = []
    @usableFromInline var keys: [KeyFills] = []
    @usableFromInline var freeKeys: [Slot] = []
    @usableFromInline var index = KeyIndex()
    @usableFromInline var nextSequence: UInt64 = 0
    @usableFromInline var voidBefore: UInt64 = 0
    @usableFromInline var voidBeforeByLane: [LaneID: UInt64] = [:]
    /// Commands under way that may write any key.
    @usableFromInline var fencesForAllKeys = 0

    @inlinable
    init() {}

    // Inlinable although nobody asks for it: a deinit that is not stops the 6.3 compiler's optimiser with an assertion,
    // where it would inline it into the inlinable setter of a property of this type.
    @inlinable
    deinit {
        for place in keys {
            place.key?.deallocate()
        }
    }
}
