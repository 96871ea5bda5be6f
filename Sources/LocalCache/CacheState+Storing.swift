import Time

extension CacheState {
    /// - Parameters:
    ///   - bytes: What is stored where the fill has no value.
    ///   - discarded: Receives the values that made room.
    @inlinable
    mutating func complete(
        _ ticket: FillTicket, with result: FillResult<Value>, bytes: UnsafeRawBufferPointer, now: Instant,
        limits: CacheLimits, discarded: inout Discarded<Value>
    ) -> EndedFill<Waiter> {
        guard let ended = fills.end(ticket) else { return EndedFill(waiters: .none, wasVoided: true) }
        guard ended.place != .absent else { return EndedFill(waiters: ended.waiters, wasVoided: true) }
        switch result {
        case .failed: break
        case .value where !ended.mayStore: counters.voided &+= 1
        case .value(let fill):
            dropOld(ended.place, discarded: &discarded)
            store(fill, bytes, at: ended.place, now: now, limits: limits, discarded: &discarded)
        case .nothing where ended.mayStore: dropOld(ended.place, discarded: &discarded)
        case .nothing: break
        }
        fills.removeIfOver(ended.place)
        return EndedFill(waiters: ended.waiters, wasVoided: ended.wasVoided)
    }

    /// Drops what was known of the key before the fill that has ended: an entry that was refreshed, or a stale one.
    @inlinable
    mutating func dropOld(_ place: Slot, discarded: inout Discarded<Value>) {
        guard let bytes = fills.keys[Int(place)].key?.bytes else { return }
        let key = HashedKey(bytes: bytes, hash: fills.keys[Int(place)].hash)
        if let position = entries.position(of: key) { discarded.append(entries.remove(at: position)) }
        if let position = stale.position(of: key) { discarded.append(stale.remove(at: position)) }
    }

    /// Stores what a fill brought, unless it is dead already or larger than the whole budget.
    @inlinable
    mutating func store(
        _ fill: Fill<Value>, _ bytes: UnsafeRawBufferPointer, at place: Slot, now: Instant, limits: CacheLimits,
        discarded: inout Discarded<Value>
    ) {
        let deadline = fill.deadline ?? .distantFuture
        // An entry's record counts its value by 32 bits: one above 4 GiB is not stored.
        guard limits.expiry > .zero, now < deadline, let size = UInt32(exactly: max(fill.size, 0)) else { return }
        let keySize = fills.keys[Int(place)].key?.count ?? 0
        let cost = EntryStore<Value>.cost(keySize: keySize, valueSize: size)
        guard cost <= limits.memoryLimit, let key = fills.takeKey(of: place, and: bytes) else { return }
        while entries.count >= limits.capacity || entries.bytes > limits.memoryLimit - cost {
            guard let oldest = entries.takeOldest(hasher: limits.hasher) else { break }
            discarded.append(oldest.release())
            counters.evicted &+= 1
        }
        entries.add(
            key, hash: fills.keys[Int(place)].hash, value: fill.value, size: size,
            lifetime: Lifetime(addedAt: now, deadline: deadline))
    }
}
