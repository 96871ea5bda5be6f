import Time

/// What a look-up found.
public enum LookUp<Value: Sendable>: Sendable {
    /// The value (nil: its bytes have been copied), and how long ago it was added.
    case hit(Value?, age: TimeSpan)
    /// As ``hit(_:age:)``; the caller must also fetch, as after a miss, so that the entry lives on. Nobody waits for it.
    case refresh(Value?, age: TimeSpan, FillTicket)
    /// Another reader's fetch is under way on that lane; the waiter was added to it.
    case joined(lane: LaneID)
    /// The caller must fetch, then call ``LocalCache/complete(_:with:now:)`` with this ticket, whatever the outcome.
    case miss(FillTicket)
    /// Nothing may be answered before the reader's own earlier fills are: look up again then.
    case mustWait
}
