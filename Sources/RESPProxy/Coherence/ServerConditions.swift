import Synchronization
import Time

/// Conditions of the server that clients brought about through this proxy, and that how it is relayed depends on. All event loops share
/// it, and any thread may ask.
final class ServerConditions: Sendable {
    private let pausedUntil = Atomic(Instant.distantPast)
    private let monitors = Atomic<Int>(0)
    /// Clients for whose sake reads bypass the cache.
    private let bypassing = Atomic<Int>(0)

    /// Whether `CLIENT PAUSE` may be in force.
    ///
    /// Then commands of several sessions would wait behind each other on one connection, each for what holds up another; and what has
    /// expired is not deleted.
    func isPaused(now: Instant) -> Bool { now < pausedUntil.load(ordering: .relaxed) }

    /// `CLIENT PAUSE` was accepted.
    func paused(milliseconds: Int, now: Instant) {
        pausedUntil.store(now + .milliseconds(Int64(milliseconds)), ordering: .relaxed)
    }

    /// `CLIENT UNPAUSE` was accepted.
    func unpaused() { pausedUntil.store(.distantPast, ordering: .relaxed) }

    /// Whether some client of this proxy is in `MONITOR`.
    var isMonitored: Bool { monitors.load(ordering: .sequentiallyConsistent) > 0 }

    /// Whether reads go to the server, so that those in `MONITOR` see them. It begins before ``isMonitored`` and ends after it.
    var bypassesCache: Bool { bypassing.load(ordering: .relaxed) > 0 }

    func monitorBegan() {
        bypassing.add(1, ordering: .sequentiallyConsistent)
        monitors.add(1, ordering: .sequentiallyConsistent)
    }

    func monitorEnded() { monitors.subtract(1, ordering: .sequentiallyConsistent) }

    /// A barrier was answered that was sent after ``monitorEnded()``, and so has all that nothing was held for.
    func cacheIsCurrent() { bypassing.subtract(1, ordering: .sequentiallyConsistent) }
}
