import NIOCore
import RESPParser

/// Encoded replies and commands go straight into the buffers that are written to the sockets.
extension ByteBuffer: ByteSink {
    /// Writes one byte.
    @inlinable public mutating func append(_ byte: UInt8) { writeInteger(byte) }
    /// Writes bytes.
    @inlinable public mutating func append(_ bytes: RawSpan) { writeBytes(bytes) }

    /// A whole bulk string, as `RESPEncoder.bulk(_:into:)` writes it, but put together in place: this is what a hit writes, and a fetch.
    package mutating func writeBulk(_ body: RawSpan) {
        // `$`, at most 19 digits, and twice CR LF.
        writeWithUnsafeMutableBytes(minimumWritableBytes: body.byteCount + 24) { memory in
            var end = 0
            memory.put(bulk: body, at: &end)
            return end
        }
    }

    /// A buffer of its own with a copy of `bytes`.
    package init(copying bytes: RawSpan) {
        self.init()
        reserveCapacity(bytes.byteCount)
        writeBytes(bytes)
    }
}
