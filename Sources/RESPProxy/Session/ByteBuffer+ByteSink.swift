import NIOCore
import RESPParser

extension ByteBuffer: ByteSink {
    @inlinable public mutating func append(_ byte: UInt8) { writeInteger(byte) }
    @inlinable public mutating func append(_ bytes: RawSpan) { writeBytes(bytes) }

    /// A buffer of its own with a copy of `bytes`.
    init(copying bytes: RawSpan) {
        self.init()
        reserveCapacity(bytes.byteCount)
        writeBytes(bytes)
    }
}
