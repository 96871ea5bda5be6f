import BackingClient
import NIOCore

/// Replies of the session's own connection that are held back.
///
/// A command that may have written keys which it does not tell (`EVAL`, `EXEC` with such, a module's) raises no fence where the server
/// announces what changed. Its reply is held until a barrier that was sent after it had come: by then everybody who reads from the
/// cache sees what it wrote, so nobody can know of the write and read behind it.
struct HeldReplies {
    /// A barrier must be sent after this, in monotonic nanoseconds.
    var since: UInt64
    var bytes: [ByteBuffer] = []
    /// The connection has ended meanwhile.
    var end: (error: BackingError?, isInsideReply: Bool)?
}

extension RESPSession {
    /// A reply begins, or has ended, that the fences stood for.
    func lowerFences(_ fences: Fences) {
        fences.forEach { fence in
            if case .unknownKeys = fence { holdReplies() } else { loop.cache.lowerFence(fence) }
        }
    }

    /// The connection has ended, and its replies never come.
    func dropFences(_ fences: [WriteEffect]) {
        for fence in fences { loop.cache.lowerFence(fence) }
        if fences.contains(.unknownKeys), !loop.coherence.announcesChanges { loop.cache.flush() }
    }

    /// Whether nothing tells to which command the bytes from the server belong, so that any may be a reply that must be held.
    var holdsEverything: Bool { matcher.state.matching == .unmatched && loop.coherence.announcesChanges }

    /// Holds what comes from the server from now on.
    func holdReplies() {
        // The server may have stopped announcing since the command was forwarded.
        guard loop.coherence.announcesChanges else { return loop.cache.flush() }
        // Nobody reads from the cache then, and who is in MONITOR is not to see our question.
        guard !loop.coherence.conditions.isMonitored, !isGone else { return }
        let now = relayReadTime ?? MonotonicClock.now()
        relayReadTime = now
        if held == nil {
            held = HeldReplies(since: now)
            awaitRelease(since: now)
        } else {
            held?.since = now
        }
    }

    private func awaitRelease(since: UInt64) {
        afterBarrier(since: since) { $0.barrierStands(since: since) }
    }

    private func barrierStands(since: UInt64) {
        guard let held else { return }
        // Something that must be held longer has come in between.
        guard held.since <= since else { return awaitRelease(since: held.since) }
        self.held = nil
        guard !isClosed else { return }
        barrierSettled = max(barrierSettled, since)
        writeOutput()
        for bytes in held.bytes { send(bytes) }
        flush()
        if let end = held.end { return relayEnded(error: end.error, isInsideReply: end.isInsideReply) }
        process()
        if takesMore, case .open(let connection) = relay { connection.readMore() }
    }
}
