/// Tells by a connection's first bytes whether it speaks RESP or HTTP.
///
/// HTTP is a first line of exactly three fields: a method in capitals, a target that begins with `/` or `http://` (in any case) or is
/// `*`, and `HTTP/1.0` or `HTTP/1.1`. Everything else is RESP, at once where the bytes so far rule HTTP out.
struct FirstBytes {
    enum Verdict: Equatable { case resp, http, undecided }

    /// A first line longer than this is left to the RESP parser, which refuses it.
    static let lineLimit = 65_536

    /// Bytes without a line feed, looked at before.
    private var searched = 0

    /// - Parameter bytes: All bytes of the connection so far.
    mutating func verdict(on bytes: RawSpan) -> Verdict {
        guard Self.couldBeHTTP(bytes) else { return .resp }
        for offset in searched..<bytes.byteCount where bytes[byte: offset] == UInt8(ascii: "\n") {
            return Self.isRequestLine(bytes.extracting(first: offset)) ? .http : .resp
        }
        searched = bytes.byteCount
        return searched >= Self.lineLimit ? .resp : .undecided
    }

    /// Whether method and the beginning of the target are, as far as they are there.
    private static func couldBeHTTP(_ bytes: RawSpan) -> Bool {
        var offset = 0
        while offset < bytes.byteCount, isCapital(bytes[byte: offset]) { offset += 1 }
        guard offset < bytes.byteCount else { return true }
        guard offset > 0, bytes[byte: offset] == UInt8(ascii: " ") else { return false }
        offset += 1
        guard offset < bytes.byteCount else { return true }
        switch bytes[byte: offset] {
        case UInt8(ascii: "/"), UInt8(ascii: "*"): return true
        default: return matches("http://", bytes, at: offset, foldingCase: true)
        }
    }

    /// - Parameter line: Without its line feed.
    private static func isRequestLine(_ line: RawSpan) -> Bool {
        let end = line.byteCount > 0 && line[byte: line.byteCount - 1] == 0x0D ? line.byteCount - 1 : line.byteCount
        var spaces: [Int] = []
        for offset in 0..<end where line[byte: offset] == UInt8(ascii: " ") {
            guard spaces.count < 2 else { return false }
            spaces.append(offset)
        }
        guard spaces.count == 2, spaces[1] - spaces[0] > 1, end - spaces[1] == 9 else { return false }
        let target = spaces[0] + 1
        if line[byte: target] == UInt8(ascii: "*"), spaces[1] - target != 1 { return false }
        return matches("HTTP/1.0", line, at: spaces[1] + 1) || matches("HTTP/1.1", line, at: spaces[1] + 1)
    }

    /// Whether `text` stands at `offset`, as far as there are bytes.
    ///
    /// - Parameter foldingCase: Capitals count as the small letters that `text` has.
    private static func matches(
        _ text: StaticString, _ bytes: RawSpan, at offset: Int, foldingCase: Bool = false
    ) -> Bool {
        text.withUTF8Buffer { text in
            for (index, expected) in text.enumerated() where offset + index < bytes.byteCount {
                let byte = bytes[byte: offset + index]
                guard byte == expected || (foldingCase && isCapital(byte) && byte | 0x20 == expected) else {
                    return false
                }
            }
            return true
        }
    }

    private static func isCapital(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
    }
}

extension RawSpan {
    /// The byte at an offset; bounds-checked.
    subscript(byte offset: Int) -> UInt8 { unsafeLoad(fromByteOffset: offset, as: UInt8.self) }
}
