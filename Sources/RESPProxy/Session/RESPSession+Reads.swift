import BackingClient
import LocalCache
import NIOCore
import RESPParser
import Time

/// Reads: through the cache, answered in order.
extension RESPSession {
    /// Replies from the cache that a client does not take are kept up to this; beyond it, its reads go to the server.
    private static let answerLimit = 16 << 20
    /// With more keys than this the cache is not asked for several: its lock is held for all of them.
    private static let multiGetLimit = 128

    /// Whether the client takes its replies, and its server our fills, and nobody is to see the command at the server.
    var canAnswerHere: Bool {
        channel.isWritable && !node.isFillRefused && !node.coherence.conditions.bypassesCache
            && output.pendingBytes + reads.readyBytes < Self.answerLimit
    }

    // MARK: One key

    /// Reads a key through the cache.
    ///
    /// - Parameters:
    ///   - owner: Reads from the server that holds the key.
    ///   - isCurrent: Whether the cache is at least as new as everything that was relayed to the client.
    /// - Returns: False when it must wait for the session's earlier reads.
    func read(_ read: KeyRead, _ command: CommandView, from owner: ReadThrough, isCurrent: Bool, now: Instant) -> Bool {
        let range = command.arguments[1]
        guard !mayOvertake(command.buffer.readableBytesSpan.extracting(range), on: owner.laneID) else { return false }
        let isNext = reads.isEmpty && !isInsideReply
        let output = output
        var copied: ByteBuffer?
        let reading = owner.read(
            read, of: command.buffer.readableBytesSpan.extracting(range), now: now, isCurrent: isCurrent,
            outstandingLane: reads.lane, awaitsBypassing: reads.awaitsBypassing, waiter: self,
            request: reads.nextRequest, keep: { keepKey(command, range) }
        ) { bytes in
            if isNext { output.writeBulk(bytes) } else { copied = ByteBuffer(copying: bytes) }
        }
        switch reading {
        case .mustWait:
            return false
        case .hit(let value?, _):
            answerHit(value, isNext: isNext, read, command, range)
        case .hit(nil, _):
            turn.hits += 1
            if let copied { reads.append(.value(copied), read, key: keepKey(command, range)) }
        case .pending(let lane, let bypassesCache):
            reads.appendPending(
                read, key: keepKey(command, range), lane: lane, bypassesCache: bypassesCache, started: now)
        }
        return true
    }

    /// Reads a key from the server, behind something that the cache may be older than.
    ///
    /// - Returns: False where the cache has it, or it must wait for the session's earlier reads.
    func readMissing(_ read: KeyRead, _ command: CommandView, from owner: ReadThrough, now: Instant) -> Bool {
        let range = command.arguments[1]
        let reading = owner.readMissing(
            read, of: command.buffer.readableBytesSpan.extracting(range), now: now, outstandingLane: reads.lane,
            waiter: self,
            request: reads.nextRequest, keep: { keepKey(command, range) })
        guard case .pending(let lane, let bypassesCache) = reading else { return false }
        reads.appendPending(read, key: keepKey(command, range), lane: lane, bypassesCache: bypassesCache, started: now)
        return true
    }

    /// Whether a read of the same key is under way on another lane than this event loop's: if that has ended without having been kept, the cache
    /// knows nothing of it any more, and we have not been told yet.
    @inline(__always)
    private func mayOvertake(_ key: RawSpan, on laneID: LaneID) -> Bool {
        guard let lane = reads.lane, lane != laneID else { return false }
        return reads.awaits(key)
    }

    /// Answers now, or once what stands before it is answered.
    private func answerHit(
        _ value: CachedValue, isNext: Bool, _ read: KeyRead, _ command: CommandView, _ range: Range<Int>
    ) {
        let hit: ReadQueue.Answer
        switch value {
        case .bytes(let bytes): hit = .value(bytes)
        case .absent: hit = .null
        case .large: return reads.appendRelayed(read, key: keepKey(command, range))
        }
        turn.hits += 1
        if isNext {
            output.write(hit, matcher.state.version)
        } else {
            reads.append(hit, read, key: keepKey(command, range))
        }
    }

    /// The key where it lies: one read of the socket then holds its memory until what was asked in it is answered, which costs less than
    /// memory for each key. What comes meanwhile is read into other memory.
    private func keepKey(_ command: CommandView, _ range: Range<Int>) -> ByteBuffer {
        let start = command.buffer.readerIndex + range.lowerBound
        return command.buffer.getSlice(at: start, length: range.count) ?? ByteBuffer()
    }

    /// Whether a reply or a push of the session's own connection is not there whole, or is held: nothing may be written in between.
    private var isInsideReply: Bool { held.isHolding || attachment.isInsideReply }

    /// Sends the reads' replies that are due, and relays the reads that must be.
    func answerReads() {
        while true {
            while matcher.isEmpty, !isInsideReply, let due = reads.nextAnswer() {
                output.write(due, matcher.state.version)
            }
            guard reads.isRelayDue, let first = reads.firstKey else { return }
            let staysWithServer = staysWithServer
            let server = serverOfRelayedRead(first, staysWithServer: staysWithServer)
            guard server == node.server || matcher.isEmpty else { return }
            let now = MonotonicClock.now()
            switch attach(for: .largeRead, at: server, now: now) {
            case .waiting: return
            case .failed(let error):
                reads.dropRelayed()
                refuse(error)
            case .ready:
                let due = reads.takeForRelay {
                    serverOfRelayedRead($0, staysWithServer: staysWithServer) == server
                }
                for (read, key) in due {
                    begin(.largeRead, now: now)
                    attachment.send(words: read.words(key: key))
                }
                return
            }
        }
    }

    /// The server to which a read goes that is to be relayed.
    private func serverOfRelayedRead(_ key: ByteBuffer, staysWithServer: Bool) -> ServerID {
        staysWithServer ? node.server : loop.nodes.servers.owner(of: key.readableBytesSpan)
    }

    // MARK: Several keys

    /// How a read of several keys goes on.
    enum MultiGet {
        case answered
        /// Once a barrier is answered.
        case waiting
        /// The server is to be asked.
        case missing
    }

    /// Answers an `MGET` if the cache has all keys, waiting for a barrier at most once where they might be of different moments: from the cache
    /// all of them, as of one moment, or none. Pieced together, `MGET` could show half of what an `MSET` wrote.
    ///
    /// - Parameter owner: Reads from the server that holds the keys.
    func readSeveral(_ command: CommandView, from owner: ReadThrough, now: Instant) -> MultiGet {
        let keys = command.arguments.dropFirst()
        guard keys.count <= Self.multiGetLimit else { return .missing }
        // Asked first: a barrier that is answered only now says nothing of what was looked up before.
        let coherence = owner.coherence
        let wasCurrent = isCurrent(by: coherence)
        switch owner.multiGet(keys, in: command.buffer.readableBytesSpan, now: now) {
        case .hit(let values) where wasCurrent:
            freshness.severalAreRead()
            return answerSeveral(values) ? .answered : .missing
        case .hit:
            return awaitBarrierOnce(of: coherence, since: freshness.lastRelayed)
        case .tooNew(let addedAt):
            return awaitBarrierOnce(of: coherence, since: max(addedAt, freshness.lastRelayed))
        case .missing:
            freshness.severalAreRead()
            return .missing
        }
    }

    private func awaitBarrierOnce(of coherence: Coherence, since: Instant) -> MultiGet {
        guard coherence.newestBarrier > .distantPast else {
            freshness.severalAreRead()
            return .missing
        }
        guard freshness.mayWaitForSeveral() else { return .missing }
        awaitBarrier(of: coherence, since: since)
        return .waiting
    }

    /// - Returns: False where one of the values is not kept.
    private func answerSeveral(_ values: [CachedValue]) -> Bool {
        for case .large in values { return false }
        turn.hits += 1
        output.writeArrayHeader(count: values.count)
        for value in values {
            if case .bytes(let bytes) = value {
                output.write(.value(bytes), matcher.state.version)
            } else {
                output.write(.null, matcher.state.version)
            }
        }
        return true
    }

    // MARK: Barriers

    /// Whether what the cache has of a server is at least as new as everything that was relayed to the client, by whichever server.
    @inline(__always)
    func isCurrent(by coherence: Coherence) -> Bool {
        !held.isHolding && freshness.isProven(of: coherence.server) { coherence.isBarrierAnswered(since: $0) }
    }

    /// Goes on once a barrier is answered, or the feed is lost and nothing learned through it is left in the cache.
    ///
    /// - Parameter since: No earlier than what was last relayed.
    func awaitBarrier(of coherence: Coherence, since: Instant) {
        // Held replies are released by a barrier of their own.
        guard !held.isHolding, freshness.awaitBarrier() else { return }
        let server = coherence.server
        afterBarrier(of: coherence, since: since) { session in
            session.freshness.awaitedBarrierAnswered(since: since, by: server)
            session.scheduleTurn()
        }
    }

    /// Calls `done` with the session on its event loop, as ``Coherence/awaitBarrier(since:on:_:)`` does.
    func afterBarrier(
        of coherence: Coherence, since: Instant, _ done: @escaping @Sendable (RESPSession) -> Void
    ) {
        let session = NIOLoopBound(self, eventLoop: eventLoop)
        coherence.awaitBarrier(since: since, on: eventLoop) { done(session.value) }
    }
}

extension RESPSession: FillWaiter {
    func fillEnded(request: UInt64, outcome: FillOutcome, isNewerThanCache: Bool) {
        if isNewerThanCache { freshness.relayed(at: MonotonicClock.now()) }
        if let started = reads.fillEnded(request: request, outcome: outcome) {
            loop.metrics.requestsEnded(
                .resp, outcome.isStale ? .stale : .miss, outcome.metric, took: MonotonicClock.now() - started)
        }
        scheduleTurn()
    }
}
