import Synchronization

/// Something that has happened or not, told from one thread to another.
public final class Flag: Sendable {
    private let value = Atomic(false)

    /// It has not happened.
    public init() {}

    /// Whether it has happened.
    public var isSet: Bool { self.value.load(ordering: .acquiring) }

    /// It has happened.
    public func set() { self.value.store(true, ordering: .releasing) }
}
