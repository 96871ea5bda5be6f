/// A caller's key, borrowed for one operation, with its hash: it is hashed once, before the lock is taken.
///
/// Holds a pointer, since a span cannot be handed through the lock's closure; it never outlives the call that made it.
@usableFromInline
struct HashedKey {
    @usableFromInline let bytes: UnsafeRawBufferPointer
    @usableFromInline let hash: UInt32

    @inlinable
    init(bytes: UnsafeRawBufferPointer, hash: UInt32) {
        self.bytes = bytes
        self.hash = hash
    }
}
