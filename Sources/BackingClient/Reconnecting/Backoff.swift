import NIOCore
import Time

/// How long to wait before the next attempt: exponential, with full jitter, so that many proxies do not come back in step.
struct Backoff {
    private static let first = TimeSpan.milliseconds(50)
    /// The longest wait: the lane is to be back within 2 s of the server's return.
    private static let longest = TimeSpan.seconds(1)

    private var limit = Self.first

    /// The wait before the next attempt.
    mutating func next(using generator: inout some RandomNumberGenerator) -> TimeSpan {
        let limit = self.limit
        self.limit = min(limit * 2, Self.longest)
        return .nanoseconds(Int64.random(in: 0...limit.nanoseconds, using: &generator))
    }

    /// Starts over, after a connection that stood.
    mutating func reset() {
        self.limit = Self.first
    }
}
