import NIOCore

extension ByteBuffer {
    /// Makes ready for other bytes: the memory is used again unless somebody else still has it, or it is more than what is worth keeping.
    ///
    /// - Parameter limit: What is worth keeping, in bytes.
    package mutating func reuse(upTo limit: Int = 1 << 17) {
        guard capacity > 0 else { return }
        if capacity > limit {
            self = ByteBuffer()
        } else {
            clear(minimumCapacity: 0)
        }
    }
}
