import Time

/// How new the cache must be before a session is answered from it.
///
/// What a session was told by the server bounds how old its reads from the cache may be: a lock that it took, a counter that it read.
/// Invalidations travel on another connection; a barrier there, sent after the reply, says that those before it have arrived.
struct CacheFreshness {
    /// When the client was last sent something of the server's that the cache may be older than.
    private(set) var lastRelayed = Instant.distantPast
    /// The cache is at least as new as what was relayed up to then.
    private var provenSince = Instant.distantPast
    private var isAwaitingBarrier = false
    /// The read of several keys in hand has waited for a barrier already.
    private var hasWaitedForSeveral = false

    /// The client is being sent something of the server's.
    mutating func relayed(at now: Instant) { lastRelayed = max(lastRelayed, now) }

    /// Whether the cache is at least as new as everything that was relayed to the client.
    ///
    /// - Parameter isAnswered: Whether a barrier is answered that was sent after a time.
    @inline(__always)
    func isProven(_ isAnswered: (Instant) -> Bool) -> Bool { provenSince >= lastRelayed || isAnswered(lastRelayed) }

    /// Something waits for a barrier.
    ///
    /// - Returns: Whether it is to be asked for: none is awaited yet.
    mutating func awaitBarrier() -> Bool {
        defer { isAwaitingBarrier = true }
        return !isAwaitingBarrier
    }

    /// The barrier that was awaited is answered, or nothing is left in the cache that it would be for.
    mutating func awaitedBarrierAnswered(since: Instant) {
        isAwaitingBarrier = false
        barrierAnswered(since: since)
    }

    /// A barrier is answered that was sent after `since`.
    mutating func barrierAnswered(since: Instant) { provenSince = max(provenSince, since) }

    /// The read of several keys in hand would have to wait for a barrier.
    ///
    /// - Returns: False where it has done so already: the server is asked then.
    mutating func mayWaitForSeveral() -> Bool {
        hasWaitedForSeveral.toggle()
        return hasWaitedForSeveral
    }

    /// The read of several keys in hand is dealt with.
    mutating func severalAreRead() { hasWaitedForSeveral = false }
}
