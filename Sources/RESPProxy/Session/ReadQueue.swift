import BackingClient
import DequeModule
import LocalCache
import NIOCore
import Time

/// Keeps the replies of a session's reads in the order of its commands: a hit never overtakes an earlier miss.
struct ReadQueue {
    /// What a read is answered with.
    enum Answer {
        case value(ByteBuffer)
        case null
        /// The text without the leading `-`.
        case error([UInt8])
    }

    private struct Slot {
        let read: KeyRead
        let key: ByteBuffer
        var state: State

        enum State {
            case pending(started: Instant)
            case ready(Answer)
            /// The key's value is too large for the cache.
            case relay
        }
    }

    private var slots: Deque<Slot> = []
    /// The request number of the first slot.
    private var firstRequest: UInt64 = 0
    /// Reads that wait for a server.
    private(set) var pendingCount = 0
    /// The fill lane they wait on: two lanes are two sockets with no order between them, so it is never more than one.
    private(set) var lane: LaneID?
    /// Whether a read of a large value is in the queue; further commands wait until it has been relayed.
    private(set) var holdsRelay = false
    /// Bytes of values that wait for their turn.
    private(set) var readyBytes = 0
    /// Fills that the session may have under way: fewer once it is seen to read values that are not small.
    private(set) var pendingLimit = 64

    /// One of the reads that wait was not looked up in the cache, because that could not be believed.
    private var hasBypassing = false

    /// Longer values, in bytes, lower ``pendingLimit``: fewer are then enough to keep a connection busy.
    private static let smallValue = 65_536

    var isEmpty: Bool { slots.isEmpty }

    /// The number that the next slot will have.
    var nextRequest: UInt64 { firstRequest &+ UInt64(slots.count) }

    /// Whether one of the reads that wait for a server bypasses the cache: what it brings may be newer than what the cache has.
    var awaitsBypassing: Bool { hasBypassing && pendingCount > 0 }

    /// Whether a read of that key waits for its server.
    func awaits(_ key: RawSpan) -> Bool {
        slots.contains { slot in
            guard case .pending = slot.state, slot.key.readableBytes == key.byteCount else { return false }
            return key.withUnsafeBytes { slot.key.readableBytesView.elementsEqual($0) }
        }
    }

    /// The key of the read that is answered next.
    var firstKey: ByteBuffer? { slots.first?.key }

    /// Adds a hit that may not be sent yet.
    mutating func append(_ answer: Answer, _ read: KeyRead, key: ByteBuffer) {
        if case .value(let value) = answer { readyBytes += value.readableBytes }
        slots.append(Slot(read: read, key: key, state: .ready(answer)))
    }

    /// Adds a read that goes to the server.
    mutating func appendRelayed(_ read: KeyRead, key: ByteBuffer) {
        holdsRelay = true
        slots.append(Slot(read: read, key: key, state: .relay))
    }

    /// Adds a read that a fill answers.
    ///
    /// - Parameter bypassesCache: Whether the cache was not asked for it.
    mutating func appendPending(
        _ read: KeyRead, key: ByteBuffer, lane: LaneID, bypassesCache: Bool = false, started: Instant
    ) {
        hasBypassing = bypassesCache || awaitsBypassing
        slots.append(Slot(read: read, key: key, state: .pending(started: started)))
        pendingCount += 1
        self.lane = lane
    }

    /// A fill has ended.
    ///
    /// - Returns: When the read was asked, unless it goes on as a relayed one.
    mutating func fillEnded(request: UInt64, outcome: FillOutcome) -> Instant? {
        let index = Int(truncatingIfNeeded: request &- firstRequest)
        guard slots.indices.contains(index), case .pending(let started) = slots[index].state else {
            return nil
        }
        pendingCount -= 1
        if pendingCount == 0 { lane = nil }
        switch outcome {
        case .value(let value), .stale(let value, _):
            readyBytes += value.readableBytes
            if value.readableBytes > Self.smallValue { pendingLimit = 4 }
            slots[index].state = .ready(.value(value))
        case .absent: slots[index].state = .ready(.null)
        case .failure(let error): slots[index].state = .ready(.error(error.message))
        case .large:
            slots[index].state = .relay
            holdsRelay = true
            return nil
        }
        return started
    }

    /// Takes the answer that is due, if one is.
    mutating func nextAnswer() -> Answer? {
        guard case .ready(let answer) = slots.first?.state else { return nil }
        removeFirst()
        if case .value(let value) = answer { readyBytes -= value.readableBytes }
        return answer
    }

    /// Nobody waits for the answers any more; those that are under way are not told of.
    mutating func abandon() {
        firstRequest &+= UInt64(slots.count)
        slots.removeAll()
        pendingCount = 0
        lane = nil
        holdsRelay = false
        readyBytes = 0
    }

    /// Whether the read at the front is to be relayed, and no fill is outstanding: a session waits on one connection at a time.
    var isRelayDue: Bool {
        guard case .relay = slots.first?.state else { return false }
        return pendingCount == 0
    }

    /// Gives up the read at the front, which cannot be relayed.
    mutating func dropRelayed() {
        guard isRelayDue else { return }
        removeFirst()
        holdsRelay = slots.contains { if case .relay = $0.state { true } else { false } }
    }

    /// Takes reads from the front with their keys, to be relayed in this order: all, as long as they go to the same server.
    ///
    /// What stands behind a relayed read is relayed too, answered or not: it would have to wait for that reply, and what the
    /// client goes on to send for it, which a client that sends everything before it reads anything would never see the end of.
    ///
    /// - Parameter goesAlong: Whether a key's server is the one that they are relayed to.
    mutating func takeForRelay(while goesAlong: (ByteBuffer) -> Bool) -> [(read: KeyRead, key: ByteBuffer)] {
        var reads: [(read: KeyRead, key: ByteBuffer)] = []
        while let slot = slots.first, goesAlong(slot.key) {
            if case .ready(.value(let value)) = slot.state { readyBytes -= value.readableBytes }
            reads.append((slot.read, slot.key))
            removeFirst()
        }
        holdsRelay = slots.contains { if case .relay = $0.state { true } else { false } }
        return reads
    }

    private mutating func removeFirst() {
        slots.removeFirst()
        firstRequest &+= 1
    }
}
