import Time

/// How many requests took how long, in fixed buckets from 10 µs to 10 s.
public struct LatencyHistogram: Sendable, Equatable {
    /// The buckets' upper bounds, each included in its bucket; longer times are in one more bucket.
    public static let bounds: [TimeSpan] = [
        10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
        1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000,
        1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
    ].map { .nanoseconds($0) }

    /// Requests in each bucket, one bucket more than there are ``bounds``. Not cumulative.
    public private(set) var counts = [UInt64](repeating: 0, count: Self.bounds.count + 1)
    /// All times together.
    public private(set) var sumNanoseconds: UInt64 = 0

    /// All zero.
    public init() {}

    /// Counts `count` requests that took so long each.
    public mutating func record(_ time: TimeSpan, count: UInt64 = 1) {
        // Hits, of which there are most, end in the first buckets: walking up is quicker than halving.
        var bucket = 0
        while bucket < Self.bounds.count && time > Self.bounds[bucket] { bucket &+= 1 }
        counts[bucket] &+= count
        sumNanoseconds &+= UInt64(max(0, time.nanoseconds)) &* count
    }

    /// Adds the counts of another histogram.
    public mutating func add(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
        sumNanoseconds &+= other.sumNanoseconds
    }
}
