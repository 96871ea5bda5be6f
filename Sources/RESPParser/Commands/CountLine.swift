/// One line `*<count>` or `$<length>` of a multibulk command, read one byte at a time as Redis does it.
///
/// Redis searches for the CR with `strchr` and skips the byte behind it unseen: a NUL before the CR hides the line's
/// end for good.
struct CountLine: Sendable {
    /// The line's first byte, its type.
    private(set) var type: UInt8 = 0
    /// Bytes so far, without the line's end.
    private(set) var length = 0
    private var number = StrictInteger()
    private var holdsNull = false
    private var sawCarriageReturn = false
    /// Whether it ended with CR and LF.
    private(set) var endsWithLineFeed = false

    /// True before the line's first byte.
    var isEmpty: Bool { length == 0 && !sawCarriageReturn }
    /// The count, or nil when it is not one.
    var count: Int64? { number.value }

    /// Takes the next byte; true when it was the line's last.
    mutating func append(_ byte: UInt8) -> Bool {
        if sawCarriageReturn {
            endsWithLineFeed = byte == Byte.lineFeed
            return true
        }
        let isFirst = length == 0
        if isFirst { type = byte }
        if byte == Byte.carriageReturn, !holdsNull {
            sawCarriageReturn = true
            return false
        }
        if !isFirst { number.append(byte) }
        if byte == Byte.null { holdsNull = true }
        length += 1
        return false
    }
}
