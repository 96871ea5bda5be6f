/// Values that left the cache under the lock, kept so that they are freed after it.
///
/// Nearly always there is one at most, so the first takes no allocation.
@usableFromInline
struct Discarded<Value: Sendable> {
    @usableFromInline var first: Value?
    @usableFromInline var others: [Value] = []

    @inlinable
    init() {}

    @inlinable
    mutating func append(_ value: Value?) {
        guard let value else { return }
        if first == nil {
            first = value
        } else {
            others.append(value)
        }
    }
}
