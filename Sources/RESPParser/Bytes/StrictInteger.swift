/// A decimal number that is read one byte at a time, by the rules of Redis' `string2ll`: an optional minus, then digits
/// without a leading zero; no plus, no spaces, no `-0`, nothing beyond 64 bits.
struct StrictInteger: Equatable, Sendable {
    private var magnitude: UInt64 = 0
    private var length = 0
    private var isNegative = false
    private var isInvalid = false

    /// Takes the next byte of the number's text.
    mutating func append(_ byte: UInt8) {
        // Past the longest number there is nothing left to learn, and the length need not be counted on.
        if isInvalid { return }
        defer { length += 1 }
        let isFirstDigit = length == (isNegative ? 1 : 0)
        if length == 0, byte == Byte.minus {
            isNegative = true
            return
        }
        let digit = byte &- Byte.zero
        guard digit <= 9 else {
            isInvalid = true
            return
        }
        if isFirstDigit {
            isInvalid = isNegative && digit == 0
            magnitude = UInt64(digit)
            return
        }
        let (shifted, overflow) = magnitude.multipliedReportingOverflow(by: 10)
        let (sum, carry) = shifted.addingReportingOverflow(UInt64(digit))
        // A magnitude of zero here means a leading zero.
        isInvalid = overflow || carry || magnitude == 0
        magnitude = sum
    }

    /// False when no further byte can make a number of what was read.
    var mayGoOn: Bool { !isInvalid }

    /// The number, or nil when what was read is none.
    var value: Int64? {
        guard !isInvalid, length > (isNegative ? 1 : 0) else { return nil }
        guard isNegative else { return Int64(exactly: magnitude) }
        return magnitude == Int64.min.magnitude ? .min : Int64(exactly: magnitude).map { -$0 }
    }
}
