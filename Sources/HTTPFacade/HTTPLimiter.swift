import Logging
import Synchronization
import Time

/// The slots of `MAX_CLIENTS`: how many HTTP requests the whole process serves at once.
public final class HTTPLimiter: Sendable {
    private let slots: Atomic<Int>
    private let taken = Atomic<Int>(0)
    private let refusals = Atomic<UInt64>(0)
    /// When the next warning may be logged.
    private let warnsAgain = Atomic(Instant.distantPast)
    private let logger: Logger

    /// - Parameter logger: Gets at most one warning a minute.
    public init(maxClients: Int, logger: Logger) {
        slots = Atomic(maxClients)
        self.logger = logger
    }

    /// The number of slots.
    public var maxClients: Int { slots.load(ordering: .relaxed) }

    /// So many from now on; who is being served goes on.
    public func change(to maxClients: Int) { slots.store(maxClients, ordering: .relaxed) }

    /// Slots taken now.
    public var inUse: Int { taken.load(ordering: .relaxed) }

    /// Requests refused since start.
    public var refused: UInt64 { refusals.load(ordering: .relaxed) }

    /// Takes a slot, to be given back by ``release()``; false when none is free.
    func take(now: Instant) -> Bool {
        var current = taken.load(ordering: .relaxed)
        while current < maxClients {
            let (exchanged, original) = taken.weakCompareExchange(
                expected: current, desired: current + 1, ordering: .relaxed)
            if exchanged { return true }
            current = original
        }
        refusals.wrappingAdd(1, ordering: .relaxed)
        warn(now: now)
        return false
    }

    /// Gives a slot back.
    func release() {
        taken.wrappingSubtract(1, ordering: .relaxed)
    }

    private func warn(now: Instant) {
        let due = warnsAgain.load(ordering: .relaxed)
        guard now >= due else { return }
        let next = now + .seconds(60)
        guard warnsAgain.compareExchange(expected: due, desired: next, ordering: .relaxed).exchanged else { return }
        logger.warning(
            "HTTP requests are refused: MAX_CLIENTS are being served",
            metadata: ["MAX_CLIENTS": "\(maxClients)", "refused": "\(refused)"])
    }
}
