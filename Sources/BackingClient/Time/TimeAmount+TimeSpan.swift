import NIOCore
import Time

extension TimeAmount {
    /// As event loops take it.
    @inlinable
    public init(_ span: TimeSpan) { self = .nanoseconds(span.nanoseconds) }

    /// From now on; none where that is over.
    public init(until deadline: Instant) { self.init(max(.zero, deadline - MonotonicClock.now())) }
}

extension TimeSpan {
    /// - Parameter amount: As SwiftNIO says it.
    @inlinable
    public init(_ amount: TimeAmount) { self = .nanoseconds(amount.nanoseconds) }
}
