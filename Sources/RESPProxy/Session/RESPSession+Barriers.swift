import NIOCore

/// What a session was told by the server bounds how old its reads from the cache may be: a lock that it took, a counter that it read.
/// Invalidations travel on another connection; a barrier there, sent after the reply, says that those before it have arrived.
extension RESPSession {
    /// Whether the cache is at least as new as everything that was relayed to the client.
    var isCurrent: Bool {
        held == nil && (barrierSettled >= lastRelayed || loop.coherence.isBarrierAnswered(since: lastRelayed))
    }

    /// Goes on once a barrier is answered, or the feed is lost and nothing learned through it is left in the cache.
    func awaitBarrier() { awaitBarrier(since: lastRelayed) }

    /// - Parameter since: No earlier than what was last relayed.
    func awaitBarrier(since: UInt64) {
        // Held replies are released by a barrier of their own.
        guard !isAwaitingBarrier, held == nil else { return }
        isAwaitingBarrier = true
        afterBarrier(since: since) { session in
            session.isAwaitingBarrier = false
            session.barrierSettled = max(session.barrierSettled, since)
            session.scheduleTurn()
        }
    }

    /// Calls `done` with the session on its event loop, as ``Coherence/awaitBarrier(since:on:_:)`` does.
    func afterBarrier(since: UInt64, _ done: @escaping @Sendable (RESPSession) -> Void) {
        let session = NIOLoopBound(self, eventLoop: eventLoop)
        loop.coherence.awaitBarrier(since: since, on: eventLoop) { done(session.value) }
    }
}
