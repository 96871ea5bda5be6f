/// Splits an inline command into its arguments, where all servers do that alike.
///
/// They do for words, and for a text in quotation marks with white space around it and no backslash inside. What else a quotation mark can
/// mean differs: Redis refuses `"a"b`, Valkey 9 takes it for `ab`; so do the ends of escapes and of what is left open, and 0xFF, which
/// Valkey 9.1 drops. Such a line only the server can split.
struct InlineSplitter {
    /// Where in the line each argument stands, without its quotation marks; of a line that cannot be split only the command's name,
    /// if that is clear.
    private(set) var arguments: [Range<Int>] = []

    /// Splits `line`, without its line end; false where servers would not agree.
    mutating func split(_ line: RawSpan) -> Bool {
        var position = 0
        while let start = Self.firstOfWord(in: line, from: position) {
            guard let word = Self.word(at: start, of: line) else { break }
            arguments.append(word.text)
            position = word.end
            if position == line.byteCount { return true }
        }
        guard Self.firstOfWord(in: line, from: position) != nil else { return true }
        arguments.removeSubrange(min(1, arguments.count)...)
        return false
    }

    private static func firstOfWord(in line: RawSpan, from position: Int) -> Int? {
        var position = position
        while position < line.byteCount, isSpace(line[position]) { position += 1 }
        return position < line.byteCount ? position : nil
    }

    /// - Returns: Where its text stands, and where it ends; nil where that is not clear.
    private static func word(at start: Int, of line: RawSpan) -> (text: Range<Int>, end: Int)? {
        let quote = line[start]
        let isQuoted = isQuote(quote)
        var position = isQuoted ? start + 1 : start
        while position < line.byteCount {
            let byte = line[position]
            if byte == 0xFF { return nil }
            if isQuoted {
                if byte == backslash { return nil }
                if byte == quote {
                    let end = position + 1
                    guard end == line.byteCount || endsWord(line[end]) else { return nil }
                    return (start + 1..<position, end)
                }
            } else {
                if endsWord(byte) { break }
                if isQuote(byte) { return nil }
            }
            position += 1
        }
        return isQuoted ? nil : (start..<position, position)
    }

    private static let backslash = UInt8(ascii: "\\")

    private static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }

    private static func endsWord(_ byte: UInt8) -> Bool {
        byte == Byte.space || byte == Byte.lineFeed || byte == Byte.carriageReturn || byte == Byte.tab
    }

    /// C's `isspace`: also vertical tab and form feed, which stand between words only behind another space.
    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == Byte.space || (Byte.tab...Byte.carriageReturn).contains(byte)
    }
}
