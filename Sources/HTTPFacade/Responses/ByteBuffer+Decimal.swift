import NIOCore
import RESPParser

extension ByteBuffer {
    /// Writes a number in decimal, without a `String` of it.
    mutating func writeDecimal(_ number: UInt64) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        let start = digits.writeDecimal(number, before: 20)
        writeBytes(digits.span.bytes.extracting(start..<20))
    }
}
