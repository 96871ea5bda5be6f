extension FlightTable {
    /// Where `key` is, or absent if nothing is going on about it.
    @inlinable
    func activity(of key: HashedKey) -> Slot {
        if index.count == 0 { return .absent }
        let position = index.position(hash: key.hash) { slot in
            activities[Int(slot)].key?.equals(key.bytes) ?? false
        }
        return position.map { index.slot(at: $0) } ?? .absent
    }

    @inlinable
    mutating func activityOrNew(of key: HashedKey) -> Slot {
        let found = activity(of: key)
        if found != .absent { return found }
        let new = KeyActivity(key: KeyBytes(copying: key.bytes), hash: key.hash)
        let slot: Slot
        if let free = freeActivities.popLast() {
            slot = free
            activities[Int(slot)] = new
        } else {
            slot = Slot(activities.count)
            activities.append(new)
        }
        index.insert(hash: key.hash, slot: slot)
        return slot
    }

    /// Makes an activity's joinable fill one that readers can really join, by counting it among the void if it is.
    @inlinable
    mutating func settle(_ activity: Slot) {
        let joinable = activities[Int(activity)].joinable
        guard joinable != .absent, wasVoidedWithOthers(flights[Int(joinable)]) else { return }
        voidFill(of: activity)
    }

    @inlinable
    func wasVoidedWithOthers(_ flight: Flight<Waiter>) -> Bool {
        if flight.sequence < voidBefore { return true }
        if voidBeforeByLane.isEmpty { return false }
        return flight.sequence < voidBeforeByLane[flight.lane, default: 0]
    }

    /// Voids the joinable fill of one key, if there is one.
    @inlinable
    mutating func voidFill(of activity: Slot) {
        guard activities[Int(activity)].joinable != .absent else { return }
        activities[Int(activity)].joinable = .absent
        activities[Int(activity)].voided += 1
    }

    /// The key of an activity, for an entry to own, and other bytes behind it: the activity's own where that ends now and there are none,
    /// else a copy.
    @inlinable
    mutating func takeKey(of activity: Slot, and others: UnsafeRawBufferPointer) -> KeyBytes? {
        guard let key = activities[Int(activity)].key else { return nil }
        guard others.isEmpty, activities[Int(activity)].isOver else {
            return KeyBytes(copying: key.bytes, and: others)
        }
        activities[Int(activity)].key = nil
        return key
    }

    /// Forgets an activity if nothing goes on any more.
    @inlinable
    mutating func removeIfOver(_ activity: Slot) {
        guard activities[Int(activity)].isOver else { return }
        activities[Int(activity)].key?.deallocate()
        activities[Int(activity)].key = nil
        index.remove(hash: activities[Int(activity)].hash, slot: activity)
        freeActivities.append(activity)
    }
}
