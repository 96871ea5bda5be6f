extension RawSpan {
    /// Where the element that starts at `start` ends, if it holds no others, is whole, and is spelled plainly; nil for
    /// all else, wrong or right: the scanner then goes byte by byte.
    @inline(__always)
    func plainLeafEnd(at start: Int, limits: FrameLimits) -> Int? {
        let type = self[start]
        // In the order of how often they come; a jump table costs more than it saves.
        if type == FrameType.blob {
            guard let plain = plainCount(at: start) else { return nullEnd(at: start) }
            let end = plain.end &+ plain.value
            guard plain.value <= limits.reportedBlobLength, hasLineEnd(at: end) else { return nil }
            return end &+ 2
        }
        // Only the way that goes byte by byte knows lower limits.
        guard limits.lineLength >= Self.shortLine else { return nil }
        if type == FrameType.integer { return plainIntegerEnd(at: start) }
        if type == FrameType.simpleString || type == FrameType.error { return shortLineEnd(at: start) }
        if type == FrameType.null { return hasLineEnd(at: start &+ 1) ? start &+ 3 : nil }
        return type == FrameType.array ? nullEnd(at: start) : nil
    }

    /// Whether CRLF stands at `position`, whole.
    @inline(__always)
    func hasLineEnd(at position: Int) -> Bool {
        position < byteCount &- 1 && isLineEnd(at: position)
    }

    /// Bytes within which a line counts as short.
    private static var shortLine: Int { 128 }

    /// Where the text line that starts at `start` ends, behind its CRLF; nil when that is not near.
    @inline(__always)
    private func shortLineEnd(at start: Int) -> Int? {
        if let length = word(at: start &+ 1)?.lengthOfLine { return start &+ length &+ 3 }
        let last = Swift.min(byteCount, start &+ Self.shortLine) &- 1
        var position = start &+ 1
        while position < last {
            if self[position] == Byte.carriageReturn, self[position &+ 1] == Byte.lineFeed { return position &+ 2 }
            position &+= 1
        }
        return nil
    }

    /// Where the line `<type>[-]<digits>\r\n` that starts at `start` ends.
    @inline(__always)
    private func plainIntegerEnd(at start: Int) -> Int? {
        if let word = word(at: start &+ 1), let length = word.lengthOfLine, length > 0, word.beginsWithDigits(length) {
            return start &+ length &+ 3
        }
        // Nobody sends longer numbers, and whether one is too long is not for here.
        let last = Swift.min(byteCount &- 1, start &+ 24)
        var position = start &+ 1
        if position < last, self[position] == Byte.minus { position &+= 1 }
        let digits = position
        while position < last, self[position] &- Byte.zero <= 9 { position &+= 1 }
        return position > digits && hasLineEnd(at: position) ? position &+ 2 : nil
    }

    /// Where the line `$-1\r\n` or `*-1\r\n` that starts at `start` ends, its type byte known.
    @inline(__always)
    private func nullEnd(at start: Int) -> Int? {
        guard hasLineEnd(at: start &+ 3), self[start &+ 1] == Byte.minus, self[start &+ 2] == UInt8(ascii: "1")
        else { return nil }
        return start &+ 5
    }
}
