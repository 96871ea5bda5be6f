/// How changes are to be noticed that were not made through the proxy (`CACHE_COHERENCE`).
public enum CoherencePolicy: String, Sendable, CaseIterable {
    /// By tracking where the server can; by expiry alone where it refuses, which is said once.
    case auto
    /// By tracking. Nothing is cached where the server refuses.
    case tracking
    /// By the end of the entry's life.
    case expiry
}
