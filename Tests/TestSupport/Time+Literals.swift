import Time

// Tests count time from the clock's own beginning, and in nanoseconds.

extension Instant: ExpressibleByIntegerLiteral {
    /// So many nanoseconds after the beginning.
    public init(integerLiteral nanoseconds: UInt64) { self.init(nanoseconds: nanoseconds) }

    /// So many seconds after the beginning.
    public static func seconds(_ count: UInt64) -> Instant { Instant(nanoseconds: count * 1_000_000_000) }
}

extension TimeSpan: ExpressibleByIntegerLiteral {
    /// So many nanoseconds.
    public init(integerLiteral nanoseconds: Int64) { self = .nanoseconds(nanoseconds) }
}
