extension CacheState {
    /// - Parameter discarded: Receives the values that made room.
    @inlinable
    mutating func complete(
        _ ticket: FillTicket, with fill: Fill<Value>?, now: UInt64, limits: CacheLimits,
        discarded: inout Discarded<Value>
    ) -> [Waiter] {
        guard let ended = flights.end(ticket) else { return [] }
        guard ended.activity != .absent else { return ended.waiters }
        if let fill {
            if ended.mayStore {
                store(fill, at: ended.activity, now: now, limits: limits, discarded: &discarded)
            } else {
                counters.voided &+= 1
            }
        }
        flights.removeIfOver(ended.activity)
        return ended.waiters
    }

    /// Stores what a fill brought, unless it is dead already or larger than the whole budget.
    @inlinable
    mutating func store(
        _ fill: Fill<Value>, at activity: Slot, now: UInt64, limits: CacheLimits, discarded: inout Discarded<Value>
    ) {
        let deadline = min(fill.deadline ?? .max, limits.deadline(from: now))
        // An entry's record counts its value by 32 bits: one above 4 GiB is not stored.
        guard now < deadline, let size = UInt32(exactly: max(fill.size, 0)) else { return }
        let keySize = flights.activities[Int(activity)].key?.count ?? 0
        let cost = EntryStore<Value>.cost(keySize: keySize, valueSize: size)
        guard cost <= limits.memoryLimit, let key = flights.takeKey(of: activity) else { return }
        while entries.count >= limits.capacity || entries.bytes > limits.memoryLimit - cost {
            guard let evicted = entries.removeOldest(hasher: limits.hasher) else { break }
            discarded.append(evicted)
            counters.evicted &+= 1
        }
        entries.add(
            key, hash: flights.activities[Int(activity)].hash, value: fill.value, size: size, deadline: deadline,
            addedAt: now)
    }
}
