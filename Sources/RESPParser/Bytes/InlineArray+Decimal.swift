extension InlineArray where Element == UInt8 {
    /// Writes a number in decimal, without a `String` of it, so that its last digit stands before `end`.
    ///
    /// - Returns: Where its first digit stands. A number of 64 bits has up to 20 of them, and so much room there must be.
    @inlinable
    package mutating func writeDecimal(_ number: UInt64, before end: Int) -> Int {
        var start = end
        var rest = number
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            start -= 1
            self[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
        } while rest > 0
        return start
    }
}
