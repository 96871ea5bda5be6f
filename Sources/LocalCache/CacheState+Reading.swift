import Time

extension CacheState {
    /// - Parameters:
    ///   - copy: Given the value on a hit, where it is kept as bytes.
    ///   - discarded: Receives the value of an entry that is found dead.
    @inlinable
    @inline(__always)
    mutating func lookUp(
        _ key: HashedKey, now: Instant, limits: CacheLimits, lane: LaneID, outstandingLane: LaneID?,
        copy: (RawSpan) -> Void, waiter: () -> Waiter, discarded: inout Value?
    ) -> LookUp<Value> {
        let position = entries.position(of: key)
        if let position, outstandingLane == nil || !hasVoidedFill(key) {
            let slot = entries.index.slot(at: position)
            let entry = entries.pointer(to: slot)
            if entry.pointee.lifetime.lives(now: now, upTo: limits.expiry) {
                let age = entry.pointee.lifetime.age(now: now)
                counters.hits &+= 1
                entries.use(slot)
                let value = entry.pointee.value
                if value == nil {
                    let bytes = entry.pointee.key.others(entry.pointee.size)
                    copy(bytes.bytes)
                }
                if age >= limits.refreshAge, let ticket = refresh(key, slot, lane: lane) {
                    return .refresh(value, age: age, ticket)
                }
                return .hit(value, age: age)
            }
        }
        return lookUpMissing(
            key, deadPosition: position, now: now, limits: limits, lane: lane, outstandingLane: outstandingLane,
            waiter: waiter,
            discarded: &discarded)
    }

    /// Begins a fetch that replaces an entry, once for each; nil where something is under way or nothing may be stored.
    @inlinable
    @inline(never)
    mutating func refresh(_ key: HashedKey, _ slot: Slot, lane: LaneID) -> FillTicket? {
        guard !entries.refreshed.contains(slot), fills.fencesForAllKeys == 0, fills.place(of: key) == .absent
        else { return nil }
        entries.refreshed.insert(slot)
        counters.refreshed &+= 1
        return fills.begin(key, found: .absent, lane: lane, waiters: .none)
    }

    /// Whether a fill of `key` that was voided is still under way.
    @inlinable
    mutating func hasVoidedFill(_ key: HashedKey) -> Bool {
        let place = fills.place(of: key)
        guard place != .absent else { return false }
        fills.voidIfVoidedWithOthers(place)
        return fills.keys[Int(place)].voided > 0
    }

    /// The rest of a look-up that is no hit. Kept apart so that the way of a hit stays short.
    ///
    /// - Parameter deadPosition: Where the index has an entry that is past its time, or that may not be answered yet.
    @inlinable
    @inline(never)
    mutating func lookUpMissing(
        _ key: HashedKey, deadPosition: Int?, now: Instant, limits: CacheLimits, lane: LaneID, outstandingLane: LaneID?,
        waiter: () -> Waiter, discarded: inout Value?
    ) -> LookUp<Value> {
        let place = fills.place(of: key)
        var joinable = Slot.absent
        if place != .absent {
            fills.voidIfVoidedWithOthers(place)
            joinable = fills.keys[Int(place)].joinable
            // The reader may itself wait for that older fill, and anything newer would overtake it.
            if outstandingLane != nil, fills.keys[Int(place)].voided > 0 { return .mustWait }
        }
        let laneOfFill = joinable == .absent ? lane : fills.running[Int(joinable)].lane
        if let outstandingLane, outstandingLane != laneOfFill { return .mustWait }

        if let deadPosition {
            discarded = retire(at: deadPosition, key, now: now, limits: limits)
            counters.expired &+= 1
        }
        if joinable != .absent {
            counters.coalesced &+= 1
            fills.running[Int(joinable)].waiters.append(waiter())
            return .joined(lane: laneOfFill)
        }
        counters.misses &+= 1
        return .miss(fills.begin(key, found: place, lane: lane, waiters: .one(waiter())))
    }

    /// See ``LocalCache/lookUpAnew(_:now:lane:outstandingLane:waiter:)``.
    @inlinable
    mutating func lookUpAnew(
        _ key: HashedKey, now: Instant, limits: CacheLimits, lane: LaneID, outstandingLane: LaneID?,
        waiter: () -> Waiter, discarded: inout Value?
    ) -> LookUp<Value>? {
        let position = entries.position(of: key)
        if let position {
            let entry = entries.pointer(to: entries.index.slot(at: position))
            if entry.pointee.lifetime.lives(now: now, upTo: limits.expiry) { return nil }
        }
        let place = fills.place(of: key)
        if place != .absent {
            fills.voidIfVoidedWithOthers(place)
            // It may be older than what the reader knows; one more for each such reader would cost the server what single flight saves.
            if fills.keys[Int(place)].joinable != .absent { return nil }
        }
        return lookUpMissing(
            key, deadPosition: position, now: now, limits: limits, lane: lane, outstandingLane: outstandingLane,
            waiter: waiter, discarded: &discarded)
    }

    /// A look-up in a cache that keeps nothing.
    @inlinable
    mutating func lookUpNothing(lane: LaneID, outstandingLane: LaneID?, waiter: () -> Waiter) -> LookUp<Value> {
        if let outstandingLane, outstandingLane != lane { return .mustWait }
        counters.misses &+= 1
        return .miss(fills.beginAlone(lane: lane, waiter: waiter()))
    }
}
