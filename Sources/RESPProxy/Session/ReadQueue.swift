import BackingClient
import DequeModule
import NIOCore

/// Keeps the replies of a session's reads in the order of its commands: a hit never overtakes an earlier miss.
struct ReadQueue {
    /// What a read is answered with.
    enum Answer {
        case value(ByteBuffer)
        case null
        /// The text without the leading `-`.
        case error([UInt8])
    }

    /// What stands at the front.
    enum Front {
        case answer(Answer)
        /// The key's value is too large for the cache: this read is relayed, when nothing else is under way.
        case relay(key: ByteBuffer)
    }

    private enum Slot {
        case pending(key: ByteBuffer, started: UInt64)
        case ready(Front)
    }

    private var slots: Deque<Slot> = []
    /// The request number of the first slot.
    private var firstRequest: UInt64 = 0
    /// Reads that wait for the backing.
    private(set) var pendingCount = 0
    /// The fill lane they wait on: two lanes are two sockets with no order between them, so it is never more than one.
    private(set) var lane: Int?
    /// Whether a read of a large value is in the queue; further commands wait for it.
    private(set) var holdsRelay = false

    var isEmpty: Bool { slots.isEmpty }

    /// The number that the next slot will have.
    var nextRequest: UInt64 { firstRequest &+ UInt64(slots.count) }

    mutating func append(_ front: Front) {
        if case .relay = front { holdsRelay = true }
        slots.append(.ready(front))
    }

    mutating func appendPending(key: ByteBuffer, lane: Int, started: UInt64) {
        slots.append(.pending(key: key, started: started))
        pendingCount += 1
        self.lane = lane
    }

    /// A fill has ended.
    ///
    /// - Returns: When the read was asked, unless it goes on as a relayed one.
    mutating func fillEnded(request: UInt64, outcome: FillOutcome) -> UInt64? {
        let index = Int(truncatingIfNeeded: request &- firstRequest)
        guard slots.indices.contains(index), case .pending(let key, let started) = slots[index] else {
            return nil
        }
        pendingCount -= 1
        if pendingCount == 0 { lane = nil }
        switch outcome {
        case .value(let value): slots[index] = .ready(.answer(.value(value)))
        case .absent: slots[index] = .ready(.answer(.null))
        case .failure(let error): slots[index] = .ready(.answer(.error(error.message)))
        case .large:
            slots[index] = .ready(.relay(key: key))
            holdsRelay = true
            return nil
        }
        return started
    }

    /// The reply that is due. A relayed read is due only once no fill is outstanding: a session waits on one connection at a time.
    var front: Front? {
        guard case .ready(let front) = slots.first else { return nil }
        if case .relay = front, pendingCount > 0 { return nil }
        return front
    }

    mutating func removeFront() {
        guard let slot = slots.popFirst() else { return }
        firstRequest &+= 1
        if case .ready(.relay) = slot {
            holdsRelay = slots.contains { if case .ready(.relay) = $0 { true } else { false } }
        }
    }
}
