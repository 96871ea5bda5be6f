import NIOCore

/// How long to wait before the next attempt: exponential, with full jitter, so that many proxies do not come back in step.
struct Backoff {
    private static let first: Int64 = 50_000_000
    /// The longest wait in nanoseconds: the lane is to be back within 2 s of the server's return.
    private static let longest: Int64 = 1_000_000_000

    private var limit = Self.first

    /// The wait before the next attempt.
    mutating func next(using generator: inout some RandomNumberGenerator) -> TimeAmount {
        let limit = self.limit
        self.limit = min(limit * 2, Self.longest)
        return .nanoseconds(Int64.random(in: 0...limit, using: &generator))
    }

    /// Starts over, after a connection that stood.
    mutating func reset() {
        self.limit = Self.first
    }
}
