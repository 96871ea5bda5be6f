/// The entries in the order of their use, found by key. It knows nothing of time, fills or fences.
///
/// Entries live in chunks that never move, so growing copies none of them; only the index is copied when it doubles.
@usableFromInline
struct EntryStore<Value: Sendable>: ~Copyable, @unchecked Sendable {
    // Unsafe memory, because arrays would check bounds and uniqueness at each of several accesses on a hit, and
    // because a key in an array of its own costs 32 bytes more. It is owned here alone, hence Sendable.
    @usableFromInline var index = KeyIndex()
    @usableFromInline var chunks: [UnsafeMutablePointer<Entry<Value>>] = []
    @usableFromInline var freeSlots: [Slot] = []
    /// Slots from here on were never used.
    @usableFromInline var firstUnused: Slot = 0
    /// Entries that a read has begun to fetch anew. Here and not in them, since they have no byte to spare.
    @usableFromInline var refreshed: Set<Slot> = []
    @usableFromInline var oldest = Slot.absent
    @usableFromInline var newest = Slot.absent
    @usableFromInline var count = 0
    /// Keys, values and overhead.
    @usableFromInline var bytes = 0

    @inlinable
    static var chunkBits: Slot { 8 }
    @inlinable
    static var chunkSize: Int { 1 << Int(chunkBits) }

    @inlinable
    init() {}

    // Inlinable although nobody asks for it: a deinit that is not stops the 6.3 compiler's optimiser with an assertion,
    // where it would inline it into the inlinable setter of a property of this type.
    @inlinable
    deinit {
        // In the order of their places, not of their use: that is the order of memory, several times faster for a large cache.
        var isFree = [Bool](repeating: false, count: Int(firstUnused))
        for slot in freeSlots {
            isFree[Int(slot)] = true
        }
        for slot in 0..<firstUnused where !isFree[Int(slot)] {
            let entry = pointer(to: slot)
            entry.pointee.key.deallocate()
            entry.deinitialize(count: 1)
        }
        for chunk in chunks {
            UnsafeMutableRawPointer(chunk).deallocate()
        }
    }

    /// The entry in a slot, which must be in use.
    @inlinable
    @inline(__always)
    func pointer(to slot: Slot) -> UnsafeMutablePointer<Entry<Value>> {
        chunks[Int(slot >> Self.chunkBits)] + (Int(slot) & (Self.chunkSize - 1))
    }

    /// Where the entry is that the index has at `position`.
    @inlinable
    func pointer(at position: Int) -> UnsafeMutablePointer<Entry<Value>> { pointer(to: index.slot(at: position)) }

    /// Where the index has `key`, or nil.
    @inlinable
    @inline(__always)
    func position(of key: HashedKey) -> Int? {
        index.position(hash: key.hash) { slot in
            pointer(to: slot).pointee.key.equals(key.bytes)
        }
    }

    /// Adds an entry as the most recently used, taking over `key`, which must not be there yet.
    @inlinable
    mutating func add(
        _ key: KeyBytes, hash: UInt32, value: Value?, size: UInt32, lifetime: Lifetime
    ) {
        let slot = takeSlot()
        pointer(to: slot).initialize(
            to: Entry(
                older: newest, newer: .absent, lifetime: lifetime, key: key, size: size, value: value)
        )
        appendAsNewest(slot)
        index.insert(hash: hash, slot: slot)
        count += 1
        bytes += Self.cost(keySize: key.count, valueSize: size)
    }

    /// Makes an entry the most recently used.
    @inlinable
    @inline(__always)
    mutating func use(_ slot: Slot) {
        guard slot != newest else { return }
        let entry = pointer(to: slot)
        unlink(entry)
        entry.pointee.older = newest
        entry.pointee.newer = .absent
        appendAsNewest(slot)
    }

    /// Takes the entry out that the index has at `position`; its key's memory is the caller's from here on.
    @inlinable
    mutating func take(at position: Int) -> Entry<Value> {
        let slot = index.slot(at: position)
        index.remove(at: position)
        return detach(slot)
    }

    /// As ``take(at:)`` of the least recently used entry, if there is one.
    @inlinable
    mutating func takeOldest(hasher: KeyHasher) -> Entry<Value>? {
        guard oldest != .absent else { return nil }
        let slot = oldest
        // Hashing the key again is cheaper than four more bytes in every entry.
        index.remove(hash: hasher.hash(pointer(to: slot).pointee.key.bytes), slot: slot)
        return detach(slot)
    }

    /// Removes the entry that the index has at `position`.
    @inlinable
    mutating func remove(at position: Int) -> Value? {
        take(at: position).release()
    }

    /// What an entry counts towards the budget, in bytes.
    @inlinable
    static func cost(keySize: UInt32, valueSize: UInt32) -> Int {
        Int(keySize) + Int(valueSize) + Entry<Value>.overhead
    }

    @inlinable
    mutating func takeSlot() -> Slot {
        if let slot = freeSlots.popLast() { return slot }
        if Int(firstUnused >> Self.chunkBits) == chunks.count {
            // Aligned, so that an entry of 64 bytes lies in one cache line.
            let memory = UnsafeMutableRawPointer.allocate(
                byteCount: MemoryLayout<Entry<Value>>.stride * Self.chunkSize,
                alignment: max(64, MemoryLayout<Entry<Value>>.alignment))
            chunks.append(memory.bindMemory(to: Entry<Value>.self, capacity: Self.chunkSize))
        }
        let slot = firstUnused
        firstUnused += 1
        return slot
    }

    /// Frees a slot that the index no longer has.
    @inlinable
    mutating func detach(_ slot: Slot) -> Entry<Value> {
        let pointer = pointer(to: slot)
        unlink(pointer)
        if newest == slot { newest = pointer.pointee.older }
        if !refreshed.isEmpty { refreshed.remove(slot) }
        let entry = pointer.move()
        count -= 1
        bytes -= Self.cost(keySize: entry.key.count, valueSize: entry.size)
        freeSlots.append(slot)
        return entry
    }

    /// Joins the neighbours of an entry. The newest is left to the caller, who alone knows whether there will be another.
    @inlinable
    @inline(__always)
    mutating func unlink(_ entry: UnsafeMutablePointer<Entry<Value>>) {
        let older = entry.pointee.older
        let newer = entry.pointee.newer
        if older != .absent {
            pointer(to: older).pointee.newer = newer
        } else {
            oldest = newer
        }
        if newer != .absent {
            pointer(to: newer).pointee.older = older
        }
    }

    @inlinable
    @inline(__always)
    mutating func appendAsNewest(_ slot: Slot) {
        if newest != .absent {
            pointer(to: newest).pointee.newer = slot
        } else {
            oldest = slot
        }
        newest = slot
    }
}
