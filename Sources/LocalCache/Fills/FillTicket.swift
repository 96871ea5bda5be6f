/// A fill under way.
public struct FillTicket: Hashable, Sendable {
    /// Unique among the fills under way; never given out again for a fill of the same place soon enough to be mistaken.
    public let id: UInt64

    /// The ticket of that number, where one is kept as such.
    @inlinable
    public init(id: UInt64) { self.id = id }

    /// - Parameters:
    ///   - slot: Where the fill table keeps the fill.
    ///   - generation: How often that slot had been used before.
    @inlinable
    init(slot: Slot, generation: UInt32) {
        self.id = UInt64(generation) << 32 | UInt64(slot)
    }

    @inlinable
    var slot: Slot { Slot(truncatingIfNeeded: id) }

    @inlinable
    var generation: UInt32 { UInt32(truncatingIfNeeded: id >> 32) }
}
