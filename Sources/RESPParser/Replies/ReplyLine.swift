/// One line of a reply, from behind its type byte to its CRLF, read one byte at a time; nothing of its text is kept.
struct ReplyLine: Sendable {
    /// The type byte, which was read.
    let type: UInt8
    /// Bytes between the type and the line's end.
    private(set) var length = 0
    private var number = StrictInteger()
    private var sawCarriageReturn = false
    private var holdsDigit = false
    /// True when the text is `?`, the count of what is streamed without one.
    private(set) var isStreamed = false

    init(type: UInt8) {
        self.type = type
    }

    /// What became of the line with one more byte.
    enum Progress {
        case goesOn
        case whole
        /// The byte cannot stand where it does.
        case malformed
    }

    /// The text as a count or length, or nil when it is not one.
    var count: Int64? { number.value }

    /// Takes the line's next byte.
    mutating func append(_ byte: UInt8) -> Progress {
        if sawCarriageReturn {
            if byte == Byte.lineFeed { return isWellFormed ? .whole : .malformed }
            // Texts are not ours to judge: a CR alone belongs to them, as hiredis has it.
            guard isText else { return .malformed }
            length += 1
            sawCarriageReturn = false
        }
        if byte == Byte.carriageReturn {
            sawCarriageReturn = true
            return .goesOn
        }
        defer { length += 1 }
        return accepts(byte) ? .goesOn : .malformed
    }

    /// A big number counts as text, since Redis passes on whatever a script calls one.
    private var isText: Bool {
        type == FrameType.simpleString || type == FrameType.error || type == FrameType.bigNumber
    }

    /// Whether the text may go on with `byte`.
    private mutating func accepts(_ byte: UInt8) -> Bool {
        switch type {
        case FrameType.simpleString, FrameType.error, FrameType.bigNumber:
            return true
        case FrameType.integer:
            if length == 0, byte == Byte.minus || byte == Byte.plus { return true }
            holdsDigit = true
            return byte &- Byte.zero <= 9
        case FrameType.double:
            return Self.mayStandInDouble(byte)
        case FrameType.boolean:
            return length == 0 && (byte == UInt8(ascii: "t") || byte == UInt8(ascii: "f"))
        case FrameType.null, FrameType.end:
            return false
        default:
            if isStreamed { return false }
            if length == 0, byte == Byte.question {
                isStreamed = true
                return true
            }
            number.append(byte)
            return number.mayGoOn
        }
    }

    /// Whether the text may end here. Counts are judged by whoever asks for them.
    private var isWellFormed: Bool {
        switch type {
        case FrameType.integer: holdsDigit
        case FrameType.double, FrameType.boolean: length > 0
        default: true
        }
    }

    /// Digits, signs, a point, an exponent, `inf` and `nan`.
    private static func mayStandInDouble(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), Byte.plus, Byte.minus, UInt8(ascii: "."): true
        default: "einfaEINFA".utf8.contains(byte)
        }
    }
}
