import BackingClient
import NIOCore
import RESPParser

/// Reads: through the cache, answered in order.
extension RESPSession {
    /// Whether the client takes its replies, and the backing our fills, and nobody is to see the command at the server.
    var canAnswerHere: Bool {
        channel.isWritable && !loop.isFillRefused && !loop.coherence.conditions.bypassesCache
            && output.readableBytes + referenced + reads.readyBytes < Self.answerLimit
    }

    /// Reads a key through the cache.
    ///
    /// - Returns: False when it must wait for the session's earlier reads.
    func read(_ command: CommandView, isCurrent: Bool, now: UInt64) -> Bool {
        let range = command.arguments[1]
        guard !mayOvertake(command.buffer.readableBytesSpan.extracting(range)) else { return false }
        let isNext = reads.isEmpty && !isInsideReply
        var copied: ByteBuffer?
        let reading = loop.readThrough.read(
            command.buffer.readableBytesSpan.extracting(range), now: now, isCurrent: isCurrent,
            outstandingLane: reads.lane, awaitsPast: hasLookedPast && reads.pendingCount > 0, waiter: self,
            request: reads.nextRequest, keep: { keepKey(command, range) }
        ) { bytes in
            if isNext { output.writeBulk(bytes) } else { copied = ByteBuffer(copying: bytes) }
        }
        switch reading {
        case .mustWait:
            return false
        case .hit(let value?, _):
            answerHit(value, isNext: isNext, command, range)
        case .hit(nil, _):
            hits += 1
            if let copied { reads.append(.value(copied), key: keepKey(command, range)) }
        case .pending(let lane, let isPast):
            hasLookedPast = isPast || hasLookedPast && reads.pendingCount > 0
            reads.appendPending(key: keepKey(command, range), lane: lane, started: now)
        }
        return true
    }

    /// Whether a read of the same key is under way on another event loop's lane: if that has ended without having been kept, the cache
    /// knows nothing of it any more, and we have not been told yet.
    @inline(__always)
    private func mayOvertake(_ key: RawSpan) -> Bool {
        guard let lane = reads.lane, lane != loop.laneIndex else { return false }
        return reads.awaits(key)
    }

    /// Answers now, or once what stands before it is answered.
    private func answerHit(_ value: CachedValue, isNext: Bool, _ command: CommandView, _ range: Range<Int>) {
        let hit: ReadQueue.Answer
        switch value {
        case .bytes(let bytes): hit = .value(bytes)
        case .absent: hit = .null
        case .large: return reads.appendRelayed(key: keepKey(command, range))
        }
        hits += 1
        if isNext { answer(hit) } else { reads.append(hit, key: keepKey(command, range)) }
    }

    /// The key where it lies: one read of the socket then holds its memory until what was asked in it is answered, which costs less than
    /// memory for each key. What comes meanwhile is read into other memory.
    private func keepKey(_ command: CommandView, _ range: Range<Int>) -> ByteBuffer {
        let start = command.buffer.readerIndex + range.lowerBound
        return command.buffer.getSlice(at: start, length: range.count) ?? ByteBuffer()
    }

    /// Whether the pinned connection is in the middle of a reply or a push, or replies of it are held: nothing may be written in between.
    var isInsideReply: Bool {
        if held != nil { return true }
        guard case .open(let connection) = relay else { return false }
        return !connection.isAtFrameStart
    }

    /// Sends the reads' replies that are due, and relays the reads that must be.
    func answerReads() {
        while true {
            while matcher.isEmpty, !isInsideReply, let due = reads.nextAnswer() { answer(due) }
            guard reads.isRelayDue else { return }
            let now = MonotonicClock.now()
            switch attach(for: .largeRead, now: now) {
            case .waiting: return
            case .failed(let error):
                reads.dropRelayed()
                loop.metrics.requestsEnded(.resp, .relay, error.outcome, nanoseconds: nil)
                answer(.error(error.message))
            case .ready:
                for key in reads.takeAllForRelay() {
                    begin(.largeRead, now: now)
                    RESPEncoder.command([Array("GET".utf8), Array(key.readableBytesView)], into: &forwards)
                }
                return
            }
        }
    }

    func answer(_ answer: ReadQueue.Answer) {
        switch answer {
        case .value(let value) where value.readableBytes >= Self.referenceThreshold:
            RESPEncoder.bulkHeader(length: value.readableBytes, into: &output)
            referenced += value.readableBytes
            writeOutput()
            send(value)
            output.writeInteger(UInt16(0x0D0A))
        case .value(let value):
            output.writeBulk(value.readableBytesSpan)
        case .null:
            RESPEncoder.null(matcher.state.version, into: &output)
        case .error(let text):
            // The server's own words, byte for byte.
            output.writeInteger(UInt8(ascii: "-"))
            output.writeBytes(text)
            output.writeInteger(UInt16(0x0D0A))
        }
    }
}

extension RESPSession: FillWaiter {
    func fillEnded(request: UInt64, outcome: FillOutcome, outranCache: Bool) {
        if outranCache { lastRelayed = max(lastRelayed, MonotonicClock.now()) }
        if let started = reads.fillEnded(request: request, outcome: outcome) {
            loop.metrics.requestsEnded(
                .resp, outcome.isStale ? .stale : .miss, outcome.metric, nanoseconds: MonotonicClock.now() &- started)
        }
        scheduleTurn()
    }
}
