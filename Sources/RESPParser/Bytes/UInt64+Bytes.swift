/// A word of eight bytes, the first of them lowest, looked at as a whole.
extension UInt64 {
    @inline(__always)
    private static func repeated(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

    /// How many bytes stand before the first CRLF; nil where the word has none, or a CR without LF first.
    @inline(__always)
    var lengthOfLine: Int? {
        let difference = self ^ Self.repeated(Byte.carriageReturn)
        // The lowest bit found is that of the first CR; those above it may be wrong.
        let found = (difference &- Self.repeated(1)) & ~difference & Self.repeated(0x80)
        let shift = found.trailingZeroBitCount &- 7
        guard shift < 56, UInt8(truncatingIfNeeded: self &>> UInt64(shift &+ 8)) == Byte.lineFeed else { return nil }
        return shift &>> 3
    }

    /// Whether the first `count` bytes are digits, at most seven.
    @inline(__always)
    func beginsWithDigits(_ count: Int) -> Bool {
        // Zeros in the place of all others. A digit's upper half is 3, and stays so with 6 added.
        let kept = (1 &<< UInt64(count &* 8)) &- 1
        let digits = (self & kept) | (Self.repeated(Byte.zero) & ~kept)
        let upper = Self.repeated(0xF0)
        return digits & upper == Self.repeated(0x30) && (digits &+ Self.repeated(6)) & upper == Self.repeated(0x30)
    }
}
