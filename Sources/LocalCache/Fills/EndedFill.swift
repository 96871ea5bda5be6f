/// A fill that has ended.
public struct EndedFill<Waiter: Sendable>: Sendable {
    /// All who waited, in the order they came.
    public let waiters: Waiters<Waiter>
    /// Another fill of the same key may have begun while this one was under way, and what the cache has of it, now or later, may be
    /// older than what this one brought.
    public let wasVoided: Bool

    @inlinable
    init(waiters: Waiters<Waiter>, wasVoided: Bool) {
        self.waiters = waiters
        self.wasVoided = wasVoided
    }
}
