extension FillTable {
    /// What is known of a fill that has ended.
    @usableFromInline
    struct Ended {
        @usableFromInline let waiters: Waiters<Waiter>
        /// Where the key is; absent where nothing is cached at all. The caller releases it with ``removeIfOver(_:)``.
        @usableFromInline let place: Slot
        @usableFromInline let mayStore: Bool
        @usableFromInline let wasVoided: Bool

        @inlinable
        init(waiters: Waiters<Waiter>, place: Slot, mayStore: Bool, wasVoided: Bool) {
            self.waiters = waiters
            self.place = place
            self.mayStore = mayStore
            self.wasVoided = wasVoided
        }
    }

    /// Begins a fill that nobody else can join or store, for a cache that keeps nothing.
    @inlinable
    mutating func beginAlone(lane: LaneID, waiter: Waiter) -> FillTicket {
        let slot = takeRunning(place: .absent, lane: lane, waiters: .one(waiter))
        return FillTicket(slot: slot, generation: running[Int(slot)].generation)
    }

    /// Begins a fill that readers of `key` join from now on.
    ///
    /// - Parameter found: What ``place(of:)`` answered for `key`, which has no joinable fill.
    @inlinable
    mutating func begin(_ key: HashedKey, found: Slot, lane: LaneID, waiters: Waiters<Waiter>) -> FillTicket {
        let place = found == .absent ? placeOrNew(of: key) : found
        let slot = takeRunning(place: place, lane: lane, waiters: waiters)
        keys[Int(place)].joinable = slot
        return FillTicket(slot: slot, generation: running[Int(slot)].generation)
    }

    /// Ends a fill, or answers nil if there is no such fill any more.
    @inlinable
    mutating func end(_ ticket: FillTicket) -> Ended? {
        let slot = Int(ticket.slot)
        guard slot < running.count, running[slot].generation == ticket.generation, running[slot].isUnderWay
        else { return nil }
        let place = running[slot].place
        var mayStore = false
        var wasVoided = true
        if place != .absent, keys[Int(place)].joinable == ticket.slot {
            wasVoided = wasVoidedWithOthers(running[slot])
            mayStore = !wasVoided && fencesForAllKeys == 0 && keys[Int(place)].fences == 0
            keys[Int(place)].joinable = .absent
        } else if place != .absent {
            keys[Int(place)].voided -= 1
        }
        var waiters = Waiters<Waiter>.none
        swap(&waiters, &running[slot].waiters)
        running[slot].isUnderWay = false
        running[slot].generation &+= 1
        freeRunning.append(ticket.slot)
        return Ended(waiters: waiters, place: place, mayStore: mayStore, wasVoided: wasVoided)
    }

    /// Voids every fill under way.
    @inlinable
    mutating func voidAll() {
        voidBefore = nextSequence
    }

    /// Voids every fill under way on one lane.
    @inlinable
    mutating func voidAll(lane: LaneID) {
        voidBeforeByLane[lane] = nextSequence
    }

    @inlinable
    mutating func takeRunning(place: Slot, lane: LaneID, waiters: Waiters<Waiter>) -> Slot {
        let slot: Slot
        if let free = freeRunning.popLast() {
            slot = free
        } else {
            slot = Slot(running.count)
            running.append(RunningFill())
        }
        running[Int(slot)].place = place
        running[Int(slot)].lane = lane
        running[Int(slot)].sequence = nextSequence
        running[Int(slot)].isUnderWay = true
        running[Int(slot)].waiters = waiters
        nextSequence += 1
        return slot
    }
}
