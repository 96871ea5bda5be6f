import Time

/// What a fill brought.
public struct Fill<Value: Sendable>: Sendable {
    /// What the cache keeps; nil: bytes, which are passed beside this.
    @usableFromInline var value: Value?
    /// The value's size in bytes, without the key and the cache's own overhead.
    public var size: Int
    /// When the entry dies by the key's own TTL (counted from when the fetch was sent), if it has one.
    public var deadline: Instant?

    @inlinable
    init(bytes count: Int, deadline: Instant?) {
        self.value = nil
        self.size = count
        self.deadline = deadline
    }

    /// - Parameters:
    ///   - value: What the cache keeps.
    ///   - size: Bytes, without the key and the cache's own overhead.
    ///   - deadline: When it dies; nil where the key has no TTL.
    @inlinable
    public init(value: Value, size: Int, deadline: Instant?) {
        self.value = value
        self.size = size
        self.deadline = deadline
    }
}
