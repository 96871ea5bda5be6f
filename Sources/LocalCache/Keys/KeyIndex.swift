/// An open-addressing hash index: from a key's hash to the slot that holds the key.
///
/// Linear probing in Robin Hood order: no cell is further from its home than the cell after it would be in its place, so
/// a search for a key that is absent ends early even at the highest load. Removal shifts the cells behind it back
/// and leaves no tombstone. A cell keeps 32 bits of hash, so that a key is compared about once for each search, and
/// growing needs no key at all. It grows by doubling, at a load of 7/8: O(1) amortised.
@usableFromInline
struct KeyIndex: ~Copyable, @unchecked Sendable {
    // Unsafe memory, because an array would check bounds and uniqueness at each probe. It is owned here alone, hence Sendable.
    @usableFromInline var cells: UnsafeMutablePointer<Cell>
    @usableFromInline var mask: Int
    @usableFromInline var count = 0

    @usableFromInline
    struct Cell {
        @usableFromInline var hash: UInt32
        @usableFromInline var slot: Slot

        @inlinable
        init(hash: UInt32, slot: Slot) {
            self.hash = hash
            self.slot = slot
        }

        @inlinable
        static var vacant: Cell { Cell(hash: 0, slot: .absent) }
    }

    @usableFromInline
    init() {
        let size = 16
        cells = .allocate(capacity: size)
        cells.initialize(repeating: .vacant, count: size)
        mask = size - 1
    }

    // Inlinable although nobody asks for it: a deinit that is not stops the 6.3 compiler's optimiser with an assertion,
    // where it would inline it into the inlinable setter of a property of this type.
    @inlinable
    deinit {
        cells.deallocate()
    }

    /// Where the cell is whose slot holds the key sought, or nil.
    ///
    /// - Parameter matches: Whether the slot, whose hash is equal, holds the key.
    @inlinable
    @inline(__always)
    func position(hash: UInt32, matches: (Slot) -> Bool) -> Int? {
        var position = Int(hash) & mask
        var distance = 0
        while true {
            let cell = cells[position]
            if cell.slot == .absent { return nil }
            if cell.hash == hash, matches(cell.slot) { return position }
            if distanceFromHome(of: cell, at: position) < distance { return nil }
            position = (position &+ 1) & mask
            distance &+= 1
        }
    }

    @inlinable
    func slot(at position: Int) -> Slot {
        cells[position].slot
    }

    @inlinable
    @inline(__always)
    func distanceFromHome(of cell: Cell, at position: Int) -> Int {
        (position &- Int(cell.hash)) & mask
    }

    /// Adds a slot, whose key must not be there yet.
    @usableFromInline
    mutating func insert(hash: UInt32, slot: Slot) {
        if (count + 1) * 8 > (mask + 1) * 7 { grow() }
        place(Cell(hash: hash, slot: slot))
        count += 1
    }

    @usableFromInline
    mutating func remove(at position: Int) {
        var hole = position
        while true {
            let next = (hole &+ 1) & mask
            let cell = cells[next]
            if cell.slot == .absent || distanceFromHome(of: cell, at: next) == 0 { break }
            cells[hole] = cell
            hole = next
        }
        cells[hole] = .vacant
        count -= 1
    }

    /// Removes the cell of that slot, if it is there.
    @usableFromInline
    mutating func remove(hash: UInt32, slot: Slot) {
        guard let position = position(hash: hash, matches: { $0 == slot }) else { return }
        remove(at: position)
    }

    private mutating func place(_ newcomer: Cell) {
        var cell = newcomer
        var position = Int(cell.hash) & mask
        var distance = 0
        while cells[position].slot != .absent {
            let resident = distanceFromHome(of: cells[position], at: position)
            if resident < distance {
                swap(&cells[position], &cell)
                distance = resident
            }
            position = (position &+ 1) & mask
            distance &+= 1
        }
        cells[position] = cell
    }

    private mutating func grow() {
        let old = UnsafeMutableBufferPointer(start: cells, count: mask + 1)
        let size = old.count * 2
        cells = .allocate(capacity: size)
        cells.initialize(repeating: .vacant, count: size)
        mask = size - 1
        for cell in old where cell.slot != .absent {
            place(cell)
        }
        old.deallocate()
    }
}
