import LocalCache
import Time

/// How new the cache must be before a session is answered from it.
///
/// What a session was told by the server bounds how old its reads from the cache may be: a lock that it took, a counter that it read.
/// Invalidations travel on another connection; a barrier there, sent after the reply, says that those before it have arrived.
struct CacheFreshness {
    /// When the client was last sent something of the server's that the cache may be older than.
    private(set) var lastRelayed = Instant.distantPast
    /// What the cache has of one server is at least as new as what was relayed up to then. Of other servers' keys that barrier says nothing.
    private var provenSince = Instant.distantPast
    private var provenServer = ServerID.first
    private var isAwaitingBarrier = false
    /// The read of several keys in hand has waited for a barrier already.
    private var hasWaitedForSeveral = false

    /// The client is being sent something of the server's.
    mutating func relayed(at now: Instant) { lastRelayed = max(lastRelayed, now) }

    /// Whether what the cache has of a server is at least as new as everything that was relayed to the client.
    ///
    /// - Parameter isAnswered: Whether that server has answered a barrier that was sent after a time.
    @inline(__always)
    func isProven(of server: ServerID, _ isAnswered: (Instant) -> Bool) -> Bool {
        if provenSince >= lastRelayed, provenServer == server || lastRelayed == .distantPast { return true }
        return isAnswered(lastRelayed)
    }

    /// Something waits for a barrier.
    ///
    /// - Returns: Whether it is to be asked for: none is awaited yet.
    mutating func awaitBarrier() -> Bool {
        defer { isAwaitingBarrier = true }
        return !isAwaitingBarrier
    }

    /// The barrier that was awaited is answered, or nothing is left in the cache that it would be for.
    mutating func awaitedBarrierAnswered(since: Instant, by server: ServerID) {
        isAwaitingBarrier = false
        barrierAnswered(since: since, by: server)
    }

    /// A barrier is answered that was sent to a server after `since`.
    mutating func barrierAnswered(since: Instant, by server: ServerID) {
        provenSince = server == provenServer ? max(provenSince, since) : since
        provenServer = server
    }

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
