import Synchronization

/// Counts the clients of the whole process against `MAX_CONNECTIONS`.
public final class ConnectionLimit: Sendable {
    private let limit: Atomic<Int>
    private let current = Atomic<Int>(0)

    /// A limit with nobody connected.
    public init(maximum: Int) {
        limit = Atomic(maximum)
    }

    /// Clients that may be connected at once.
    public var maximum: Int { limit.load(ordering: .relaxed) }

    /// So many from now on; who is connected stays so.
    public func change(to maximum: Int) { limit.store(maximum, ordering: .relaxed) }

    /// Clients connected now.
    public var count: Int { current.load(ordering: .relaxed) }

    /// Takes a place; false when there is none.
    func take() -> Bool {
        let (_, new) = current.add(1, ordering: .relaxed)
        guard new > maximum else { return true }
        current.subtract(1, ordering: .relaxed)
        return false
    }

    func giveBack() {
        current.subtract(1, ordering: .relaxed)
    }
}
