/// Those who wait for one fill, in the order they came.
///
/// Nearly always it is one, for whom no memory of its own is taken.
public enum Waiters<Waiter: Sendable>: Sendable {
    case none
    case one(Waiter)
    /// At least two.
    case several([Waiter])

    /// Whether nobody waits.
    @inlinable
    public var isEmpty: Bool { if case .none = self { true } else { false } }

    /// All of them.
    @inlinable
    public var all: [Waiter] {
        switch self {
        case .none: []
        case .one(let waiter): [waiter]
        case .several(let waiters): waiters
        }
    }

    /// Calls `body` with each; where there is one, without memory for a list.
    @inlinable
    public func forEach(_ body: (Waiter) -> Void) {
        switch self {
        case .none: break
        case .one(let waiter): body(waiter)
        case .several(let waiters): waiters.forEach(body)
        }
    }

    @inlinable
    mutating func append(_ waiter: Waiter) {
        switch self {
        case .none: self = .one(waiter)
        case .one(let first): self = .several([first, waiter])
        case .several(var waiters):
            self = .none
            waiters.append(waiter)
            self = .several(waiters)
        }
    }
}
