/// A place in one of the cache's tables: four bytes where a pointer would take eight.
@usableFromInline
typealias Slot = UInt32

extension Slot {
    /// No place. Tables never grow as far.
    @inlinable
    static var absent: Slot { .max }
}
