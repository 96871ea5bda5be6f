extension FlightTable {
    /// What is known of a fill that has ended.
    @usableFromInline
    struct EndedFlight {
        @usableFromInline let waiters: Waiters<Waiter>
        /// Where the key is; absent where nothing is cached at all. The caller releases it with ``removeIfOver(_:)``.
        @usableFromInline let activity: Slot
        @usableFromInline let mayStore: Bool
        @usableFromInline let wasVoided: Bool

        @inlinable
        init(waiters: Waiters<Waiter>, activity: Slot, mayStore: Bool, wasVoided: Bool) {
            self.waiters = waiters
            self.activity = activity
            self.mayStore = mayStore
            self.wasVoided = wasVoided
        }
    }

    /// Begins a fill that nobody else can join or store, for a cache that keeps nothing.
    @inlinable
    mutating func beginAlone(lane: Int, waiter: Waiter) -> FillTicket {
        let slot = takeFlight(activity: .absent, lane: lane, waiters: .one(waiter))
        return FillTicket(slot: slot, generation: flights[Int(slot)].generation)
    }

    /// Begins a fill that readers of `key` join from now on.
    ///
    /// - Parameter found: What ``activity(of:)`` answered for `key`, which has no joinable fill.
    @inlinable
    mutating func begin(_ key: HashedKey, found: Slot, lane: Int, waiters: Waiters<Waiter>) -> FillTicket {
        let activity = found == .absent ? activityOrNew(of: key) : found
        let slot = takeFlight(activity: activity, lane: lane, waiters: waiters)
        activities[Int(activity)].joinable = slot
        return FillTicket(slot: slot, generation: flights[Int(slot)].generation)
    }

    /// Ends a fill, or answers nil if there is no such fill any more.
    @inlinable
    mutating func end(_ ticket: FillTicket) -> EndedFlight? {
        let slot = Int(ticket.slot)
        guard slot < flights.count, flights[slot].generation == ticket.generation, flights[slot].isUnderWay
        else { return nil }
        let activity = flights[slot].activity
        var mayStore = false
        var wasVoided = true
        if activity != .absent, activities[Int(activity)].joinable == ticket.slot {
            wasVoided = wasVoidedWithOthers(flights[slot])
            mayStore = !wasVoided && fencesForAllKeys == 0 && activities[Int(activity)].fences == 0
            activities[Int(activity)].joinable = .absent
        } else if activity != .absent {
            activities[Int(activity)].voided -= 1
        }
        var waiters = Waiters<Waiter>.none
        swap(&waiters, &flights[slot].waiters)
        flights[slot].isUnderWay = false
        flights[slot].generation &+= 1
        freeFlights.append(ticket.slot)
        return EndedFlight(waiters: waiters, activity: activity, mayStore: mayStore, wasVoided: wasVoided)
    }

    /// Voids every fill in flight.
    @inlinable
    mutating func voidAll() {
        voidBefore = nextSequence
    }

    /// Voids every fill in flight on one lane.
    @inlinable
    mutating func voidAll(lane: Int) {
        voidBeforeByLane[lane] = nextSequence
    }

    @inlinable
    mutating func takeFlight(activity: Slot, lane: Int, waiters: Waiters<Waiter>) -> Slot {
        let slot: Slot
        if let free = freeFlights.popLast() {
            slot = free
        } else {
            slot = Slot(flights.count)
            flights.append(Flight())
        }
        flights[Int(slot)].activity = activity
        flights[Int(slot)].lane = lane
        flights[Int(slot)].sequence = nextSequence
        flights[Int(slot)].isUnderWay = true
        flights[Int(slot)].waiters = waiters
        nextSequence += 1
        return slot
    }
}
