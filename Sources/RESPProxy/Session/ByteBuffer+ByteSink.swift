import NIOCore
import RESPParser

/// Encoded replies and commands go straight into the buffers that are written to the sockets.
extension ByteBuffer: ByteSink {
    /// Writes one byte.
    @inlinable public mutating func append(_ byte: UInt8) { writeInteger(byte) }
    /// Writes bytes.
    @inlinable public mutating func append(_ bytes: RawSpan) { writeBytes(bytes) }

    /// A buffer of its own with a copy of `bytes`.
    init(copying bytes: RawSpan) {
        self.init()
        reserveCapacity(bytes.byteCount)
        writeBytes(bytes)
    }

    /// Makes ready for other bytes: the memory is used again unless somebody else still has it, or it is more than what is worth keeping.
    mutating func reuse() {
        guard capacity > 0 else { return }
        if capacity > Self.reusedCapacity {
            self = ByteBuffer()
        } else {
            clear(minimumCapacity: 0)
        }
    }

    private static let reusedCapacity = 1 << 17
}
