/// Splits an inline command into its arguments as Redis' `sdssplitargs` does, quotes and escapes undone.
///
/// Redis sees the line as a C string, so that behind its end stands a NUL; the line itself holds none.
struct InlineSplitter {
    /// The bytes of all arguments, one behind the other.
    private(set) var text: [UInt8] = []
    /// Where in ``text`` each argument stands.
    private(set) var arguments: [Range<Int>] = []

    /// Splits `line`, without its line end; false when its quotes are unbalanced.
    mutating func split(_ line: RawSpan) -> Bool {
        var position = 0
        while true {
            while Self.isSpace(Self.byte(position, of: line)) { position += 1 }
            guard position < line.byteCount else { return true }
            let start = text.count
            guard appendArgument(of: line, at: &position) else { return false }
            arguments.append(start..<text.count)
        }
    }

    /// Appends the argument that begins at `position` to ``text`` and moves `position` behind it.
    private mutating func appendArgument(of line: RawSpan, at position: inout Int) -> Bool {
        while true {
            let byte = Self.byte(position, of: line)
            if byte == Byte.null { return true }
            position += 1
            switch byte {
            case Byte.space, Byte.lineFeed, Byte.carriageReturn, Byte.tab:
                return true
            // A closing quote ends the argument, whatever stood before the opening one.
            case UInt8(ascii: "\""):
                return appendDoubleQuoted(of: line, at: &position)
            case UInt8(ascii: "'"):
                return appendSingleQuoted(of: line, at: &position)
            default:
                text.append(byte)
            }
        }
    }

    private mutating func appendDoubleQuoted(of line: RawSpan, at position: inout Int) -> Bool {
        while true {
            let byte = Self.byte(position, of: line)
            let next = Self.byte(position + 1, of: line)
            switch byte {
            case Byte.null:
                return false
            case UInt8(ascii: "\""):
                position += 1
                return Self.mayFollowQuote(next)
            case UInt8(ascii: "\\") where next != Byte.null:
                if next == UInt8(ascii: "x"),
                    let high = Self.hexadecimal(Self.byte(position + 2, of: line)),
                    let low = Self.hexadecimal(Self.byte(position + 3, of: line))
                {
                    text.append(high << 4 | low)
                    position += 4
                } else {
                    text.append(Self.unescaped(next))
                    position += 2
                }
            default:
                text.append(byte)
                position += 1
            }
        }
    }

    private mutating func appendSingleQuoted(of line: RawSpan, at position: inout Int) -> Bool {
        let quote = UInt8(ascii: "'")
        while true {
            let byte = Self.byte(position, of: line)
            let next = Self.byte(position + 1, of: line)
            switch byte {
            case Byte.null:
                return false
            case quote:
                position += 1
                return Self.mayFollowQuote(next)
            case UInt8(ascii: "\\") where next == quote:
                text.append(quote)
                position += 2
            default:
                text.append(byte)
                position += 1
            }
        }
    }

    private static func byte(_ position: Int, of line: RawSpan) -> UInt8 {
        position < line.byteCount ? line[position] : Byte.null
    }

    private static func mayFollowQuote(_ byte: UInt8) -> Bool {
        byte == Byte.null || isSpace(byte)
    }

    /// C's `isspace`: also vertical tab and form feed, which separate arguments only behind a space or a quote.
    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == Byte.space || (Byte.tab...Byte.carriageReturn).contains(byte)
    }

    private static func unescaped(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "n"): Byte.lineFeed
        case UInt8(ascii: "r"): Byte.carriageReturn
        case UInt8(ascii: "t"): Byte.tab
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "a"): 0x07
        default: byte
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
