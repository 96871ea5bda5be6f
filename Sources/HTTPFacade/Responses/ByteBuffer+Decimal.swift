import NIOCore

extension ByteBuffer {
    /// Writes a number in decimal, without a `String` of it.
    mutating func writeDecimal(_ number: UInt64) {
        // 2^64 has 20 digits.
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var start = 20
        var rest = number
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
        } while rest > 0
        writeBytes(digits.span.bytes.extracting(start..<20))
    }
}
