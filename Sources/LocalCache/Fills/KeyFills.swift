/// What is going on about one key: fills under way and fences. There is none for a key about which nothing is.
@usableFromInline
struct KeyFills {
    /// Nil in an empty place, and once an entry has taken it over; the place then becomes empty in the same operation.
    @usableFromInline var key: KeyBytes?
    @usableFromInline var hash: UInt32
    /// The fill that readers join, if there is one. It may have been voided along with others since: see ``FillTable``.
    @usableFromInline var joinable = Slot.absent
    /// Fills under way that readers no longer join.
    @usableFromInline var voided = 0
    /// Writes under way.
    @usableFromInline var fences = 0

    @inlinable
    init(key: KeyBytes, hash: UInt32) {
        self.key = key
        self.hash = hash
    }

    @inlinable
    var isOver: Bool { joinable == .absent && voided == 0 && fences == 0 }
}
