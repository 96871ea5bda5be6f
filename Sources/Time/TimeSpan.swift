/// How long something takes, or how long ago it was.
///
/// One word, where Swift's own `Duration` takes two and has to be divided before it can be added to an ``Instant``.
@frozen
public struct TimeSpan: Sendable, Hashable, Comparable, BitwiseCopyable {
    /// Below zero where something is earlier than what it is counted from.
    public let nanoseconds: Int64

    @inlinable
    init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// No time at all.
    @inlinable
    public static var zero: TimeSpan { TimeSpan(nanoseconds: 0) }

    /// Longer than anything lasts: 292 years.
    @inlinable
    public static var forever: TimeSpan { TimeSpan(nanoseconds: .max) }

    /// So many nanoseconds.
    @inlinable
    public static func nanoseconds(_ count: Int64) -> TimeSpan { TimeSpan(nanoseconds: count) }

    /// So many milliseconds; ``forever`` where that is longer.
    @inlinable
    public static func milliseconds(_ count: Int64) -> TimeSpan { TimeSpan(nanoseconds: 1_000_000) * count }

    /// So many seconds; ``forever`` where that is longer.
    @inlinable
    public static func seconds(_ count: Int64) -> TimeSpan { TimeSpan(nanoseconds: 1_000_000_000) * count }

    /// Whole seconds.
    @inlinable
    public var seconds: Int64 { nanoseconds / 1_000_000_000 }

    /// Whether the left one is shorter.
    @inlinable
    public static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Both one after the other; ``forever`` where that is longer.
    @inlinable
    public static func + (left: TimeSpan, right: TimeSpan) -> TimeSpan {
        let (sum, isBeyond) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
        return isBeyond ? beyond(isNegative: right.nanoseconds < 0) : TimeSpan(nanoseconds: sum)
    }

    /// What is left of the left one.
    @inlinable
    public static func - (left: TimeSpan, right: TimeSpan) -> TimeSpan {
        let (difference, isBeyond) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
        return isBeyond ? beyond(isNegative: right.nanoseconds > 0) : TimeSpan(nanoseconds: difference)
    }

    /// So many times as long; ``forever`` where that is longer.
    @inlinable
    public static func * (span: TimeSpan, count: Int64) -> TimeSpan {
        let (product, isBeyond) = span.nanoseconds.multipliedReportingOverflow(by: count)
        return isBeyond
            ? beyond(isNegative: (span.nanoseconds < 0) != (count < 0)) : TimeSpan(nanoseconds: product)
    }

    /// One of so many equal parts.
    @inlinable
    public static func / (span: TimeSpan, parts: Int64) -> TimeSpan { TimeSpan(nanoseconds: span.nanoseconds / parts) }

    @inlinable
    static func beyond(isNegative: Bool) -> TimeSpan { isNegative ? TimeSpan(nanoseconds: .min) : .forever }
}
