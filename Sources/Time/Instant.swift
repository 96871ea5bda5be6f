import Synchronization

/// A moment by ``MonotonicClock``: one word, compared by one instruction.
@frozen
public struct Instant: Sendable, Hashable, Comparable, BitwiseCopyable {
    /// Nanoseconds since an arbitrary point.
    public let nanoseconds: UInt64

    /// - Parameter nanoseconds: Since the clock's own, arbitrary point.
    @inlinable
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// Before every moment of the clock.
    @inlinable
    public static var distantPast: Instant { Instant(nanoseconds: 0) }

    /// After every moment of the clock.
    @inlinable
    public static var distantFuture: Instant { Instant(nanoseconds: .max) }

    /// Whether the left one is earlier.
    @inlinable
    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// How long `left` is after `right`; below zero where it is before.
    @inlinable
    public static func - (left: Instant, right: Instant) -> TimeSpan {
        TimeSpan(nanoseconds: Int64(bitPattern: left.nanoseconds &- right.nanoseconds))
    }

    /// The moment so much later; ``distantFuture`` where that is beyond what can be said.
    @inlinable
    public static func + (moment: Instant, span: TimeSpan) -> Instant {
        let (sum, isBeyond) = moment.nanoseconds.addingReportingOverflow(UInt64(max(0, span.nanoseconds)))
        return isBeyond ? .distantFuture : Instant(nanoseconds: sum)
    }

    /// The moment so much earlier; ``distantPast`` where there is none.
    @inlinable
    public static func - (moment: Instant, span: TimeSpan) -> Instant {
        let span = UInt64(max(0, span.nanoseconds))
        return moment.nanoseconds > span ? Instant(nanoseconds: moment.nanoseconds &- span) : .distantPast
    }
}

extension Instant: AtomicRepresentable {
    /// That of its one word.
    public typealias AtomicRepresentation = UInt64.AtomicRepresentation

    /// As an atomic keeps it.
    @inlinable
    public static func encodeAtomicRepresentation(_ value: consuming Instant) -> AtomicRepresentation {
        UInt64.encodeAtomicRepresentation(value.nanoseconds)
    }

    /// From how an atomic keeps it.
    @inlinable
    public static func decodeAtomicRepresentation(_ storage: consuming AtomicRepresentation) -> Instant {
        Instant(nanoseconds: UInt64.decodeAtomicRepresentation(storage))
    }
}
