extension FillTable {
    /// Where `key` is, or absent if nothing is going on about it.
    @inlinable
    func place(of key: HashedKey) -> Slot {
        if index.count == 0 { return .absent }
        let position = index.position(hash: key.hash) { slot in
            keys[Int(slot)].key?.equals(key.bytes) ?? false
        }
        return position.map { index.slot(at: $0) } ?? .absent
    }

    @inlinable
    mutating func placeOrNew(of key: HashedKey) -> Slot {
        let found = place(of: key)
        if found != .absent { return found }
        let new = KeyFills(key: KeyBytes(copying: key.bytes), hash: key.hash)
        let slot: Slot
        if let free = freeKeys.popLast() {
            slot = free
            keys[Int(slot)] = new
        } else {
            slot = Slot(keys.count)
            keys.append(new)
        }
        index.insert(hash: key.hash, slot: slot)
        return slot
    }

    /// Looks whether the fill that readers of a key join was voided along with others, and counts it among the void if it was.
    @inlinable
    mutating func voidIfVoidedWithOthers(_ place: Slot) {
        let joinable = keys[Int(place)].joinable
        guard joinable != .absent, wasVoidedWithOthers(running[Int(joinable)]) else { return }
        voidFill(of: place)
    }

    @inlinable
    func wasVoidedWithOthers(_ fill: RunningFill<Waiter>) -> Bool {
        if fill.sequence < voidBefore { return true }
        if voidBeforeByLane.isEmpty { return false }
        return fill.sequence < voidBeforeByLane[fill.lane, default: 0]
    }

    /// Voids the joinable fill of one key, if there is one.
    @inlinable
    mutating func voidFill(of place: Slot) {
        guard keys[Int(place)].joinable != .absent else { return }
        keys[Int(place)].joinable = .absent
        keys[Int(place)].voided += 1
    }

    /// The key at a place, for an entry to own, and other bytes behind it: the place's own where nothing goes on any more and there are none,
    /// else a copy.
    @inlinable
    mutating func takeKey(of place: Slot, and others: UnsafeRawBufferPointer) -> KeyBytes? {
        guard let key = keys[Int(place)].key else { return nil }
        guard others.isEmpty, keys[Int(place)].isOver else {
            return KeyBytes(copying: key.bytes, and: others)
        }
        keys[Int(place)].key = nil
        return key
    }

    /// Forgets a key if nothing goes on any more.
    @inlinable
    mutating func removeIfOver(_ place: Slot) {
        guard keys[Int(place)].isOver else { return }
        keys[Int(place)].key?.deallocate()
        keys[Int(place)].key = nil
        index.remove(hash: keys[Int(place)].hash, slot: place)
        freeKeys.append(place)
    }
}
