/// The bytes of the protocol, by the names that it has for them.
enum Byte {
    static let null = UInt8(ascii: "\0")
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let minus = UInt8(ascii: "-")
    static let plus = UInt8(ascii: "+")
    static let zero = UInt8(ascii: "0")
    static let asterisk = UInt8(ascii: "*")
    static let dollar = UInt8(ascii: "$")
    static let question = UInt8(ascii: "?")
}

extension RawSpan {
    /// The byte at `offset`, bounds-checked. Every bit pattern is a `UInt8`, so that the load is safe.
    @inline(__always)
    subscript(offset: Int) -> UInt8 {
        unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// Eight bytes from `start` on, the first of them lowest; nil where there are fewer.
    @inline(__always)
    func word(at start: Int) -> UInt64? {
        guard start <= byteCount &- 8 else { return nil }
        return UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self))
    }

    /// Whether CR and LF stand at `position`, which is followed by at least one byte more.
    @inline(__always)
    func isLineEnd(at position: Int) -> Bool {
        UInt16(littleEndian: unsafeLoadUnaligned(fromByteOffset: position, as: UInt16.self)) == 0x0A0D
    }

    /// The count in a whole line `<type><digits>\r\n` that starts at `start`, and where the line ends.
    ///
    /// Nil for everything that is not plainly a count (negative, malformed, cut off, over nine digits, another byte behind the CR): the
    /// caller then takes the way that goes byte by byte, which also finds the right error.
    @inline(__always)
    func plainCount(at start: Int) -> (value: Int, end: Int)? {
        let count = byteCount
        // The type byte, a digit, CR and LF.
        guard start <= count &- 4 else { return nil }
        let head = UInt32(littleEndian: unsafeLoadUnaligned(fromByteOffset: start, as: UInt32.self))
        let first = UInt8(truncatingIfNeeded: head >> 8) &- Byte.zero
        guard first <= 9 else { return nil }
        if head >> 16 == 0x0A0D { return (Int(first), start &+ 4) }
        var value = Int(first)
        var position = start &+ 2
        // A leading zero is no count in Redis unless it is the only digit.
        let digitsEnd = first == 0 ? position : Swift.min(start &+ 10, count)
        while position < digitsEnd {
            let digit = self[position] &- Byte.zero
            if digit > 9 { break }
            value = value &* 10 &+ Int(digit)
            position &+= 1
        }
        guard position &+ 1 < count, isLineEnd(at: position) else { return nil }
        return (value, position &+ 2)
    }
}
