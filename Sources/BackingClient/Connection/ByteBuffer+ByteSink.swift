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
        let length = body.byteCount
        // `$`, at most 19 digits, and twice CR LF.
        writeWithUnsafeMutableBytes(minimumWritableBytes: length + 24) { memory in
            var end = 2
            var bound = 10
            while length >= bound, end < 19 {
                end += 1
                bound *= 10
            }
            memory[0] = UInt8(ascii: "$")
            var rest = length
            for position in stride(from: end - 1, through: 1, by: -1) {
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                memory[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
                rest = quotient
            }
            memory[end] = UInt8(ascii: "\r")
            memory[end + 1] = UInt8(ascii: "\n")
            let start = end + 2
            body.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + length]).copyMemory(from: $0)
            }
            memory[start + length] = UInt8(ascii: "\r")
            memory[start + length + 1] = UInt8(ascii: "\n")
            return start + length + 2
        }
    }

    /// A buffer of its own with a copy of `bytes`.
    package init(copying bytes: RawSpan) {
        self.init()
        reserveCapacity(bytes.byteCount)
        writeBytes(bytes)
    }
}
