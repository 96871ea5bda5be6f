extension ReplyValue {
    /// Decodes one whole frame; attributes are skipped, what was streamed reads as if it had been sent at once.
    ///
    /// - Parameter depth: How deep aggregates may nest. Decoding recurses that deep.
    /// - Throws: ``ProtocolError`` when `frame` is not exactly one whole frame or nests deeper than `depth`.
    public init(decoding frame: RawSpan, depth: Int = 32) throws(ProtocolError) {
        var scanner = FrameScanner(limits: FrameLimits(depth: depth, lineLength: .max))
        guard case .frameEnd(at: frame.byteCount) = try scanner.scan(frame, from: 0) else {
            throw ProtocolError(message: "Protocol error: not exactly one whole reply", offset: frame.byteCount)
        }
        // From here on every length and count is known to be true, so that none needs to be mistrusted.
        var position = 0
        guard let value = try Self.decodeElement(frame, &position) else { throw Self.malformed(at: position) }
        self = value
    }

    /// Decodes the element at `position`; nil at the end of a streamed aggregate.
    private static func decodeElement(_ frame: RawSpan, _ position: inout Int) throws(ProtocolError) -> ReplyValue? {
        // A loop, because attributes can follow one another without end and without nesting.
        while frame[position] == FrameType.attribute {
            _ = try decodePairs(frame, &position, count: takeCount(frame, &position))
        }
        let start = position
        switch frame[start] {
        case FrameType.end:
            _ = takeLine(frame, &position)
            return nil
        case FrameType.simpleString:
            return .simpleString(frame.array(takeLine(frame, &position)))
        case FrameType.error:
            return .error(frame.array(takeLine(frame, &position)))
        case FrameType.double, FrameType.bigNumber:
            return .number(frame.array(takeLine(frame, &position)))
        case FrameType.null:
            _ = takeLine(frame, &position)
            return .null
        case FrameType.boolean:
            return .boolean(frame[takeLine(frame, &position).lowerBound] == UInt8(ascii: "t"))
        case FrameType.integer:
            guard let value = frame.integer(takeLine(frame, &position)) else { throw malformed(at: start) }
            return .integer(value)
        default:
            return try decodeCounted(frame[start], frame, &position)
        }
    }

    /// Decodes a blob or an aggregate.
    private static func decodeCounted(
        _ type: UInt8, _ frame: RawSpan, _ position: inout Int
    ) throws(ProtocolError) -> ReplyValue {
        let count = takeCount(frame, &position)
        if let count, count < 0 { return .null }
        switch type {
        case FrameType.blob: return .blob(takeBlob(frame, &position, length: count))
        case FrameType.blobError: return .error(takeBlob(frame, &position, length: count))
        case FrameType.verbatim: return .blob(withoutFormat(takeBlob(frame, &position, length: count)))
        case FrameType.map: return .map(try decodePairs(frame, &position, count: count))
        case FrameType.set: return .set(try decodeElements(frame, &position, count: count))
        case FrameType.push: return .push(try decodeElements(frame, &position, count: count))
        default: return .array(try decodeElements(frame, &position, count: count))
        }
    }

    /// Decodes `count` elements, or all up to the end of the stream.
    private static func decodeElements(
        _ frame: RawSpan, _ position: inout Int, count: Int?
    ) throws(ProtocolError) -> [ReplyValue] {
        var elements: [ReplyValue] = []
        while elements.count != count {
            guard let element = try decodeElement(frame, &position) else { break }
            elements.append(element)
        }
        return elements
    }

    private static func decodePairs(
        _ frame: RawSpan, _ position: inout Int, count: Int?
    ) throws(ProtocolError) -> [(key: ReplyValue, value: ReplyValue)] {
        var pairs: [(key: ReplyValue, value: ReplyValue)] = []
        while pairs.count != count {
            guard let key = try decodeElement(frame, &position), let value = try decodeElement(frame, &position)
            else { break }
            pairs.append((key, value))
        }
        return pairs
    }

    /// The body of a blob, or nil as length: of all chunks up to the empty one.
    private static func takeBlob(_ frame: RawSpan, _ position: inout Int, length: Int?) -> [UInt8] {
        if let length {
            defer { position += length + 2 }
            return frame.array(position..<position + length)
        }
        var body: [UInt8] = []
        while let chunk = frame.integer(takeLine(frame, &position)), chunk > 0 {
            body += takeBlob(frame, &position, length: Int(clamping: chunk))
        }
        return body
    }

    /// A verbatim string without the three letters and the colon that name its format.
    private static func withoutFormat(_ body: [UInt8]) -> [UInt8] {
        body.count >= 4 && body[3] == UInt8(ascii: ":") ? Array(body[4...]) : body
    }

    /// Passes the line at `position` and returns where its text stands, without the type byte and the CRLF.
    private static func takeLine(_ frame: RawSpan, _ position: inout Int) -> Range<Int> {
        let start = position + 1
        position = start
        while !frame.hasLineEnd(at: position), position < frame.byteCount { position += 1 }
        defer { position += 2 }
        return start..<position
    }

    /// Passes the line at `position` and returns its count; nil: streamed.
    private static func takeCount(_ frame: RawSpan, _ position: inout Int) -> Int? {
        frame.integer(takeLine(frame, &position)).map { Int(clamping: $0) }
    }

    private static func malformed(at offset: Int) -> ProtocolError {
        ProtocolError(message: "Protocol error: malformed reply", offset: offset)
    }
}

extension RawSpan {
    fileprivate func array(_ range: Range<Int>) -> [UInt8] {
        var array: [UInt8] = []
        array.append(extracting(range))
        return array
    }

    /// The number in `range`, nil when it is none; a plus and leading zeros are taken, as RESP3 allows them.
    fileprivate func integer(_ range: Range<Int>) -> Int64? {
        guard let first = range.first.map({ self[$0] }) else { return nil }
        let isSigned = first == Byte.minus || first == Byte.plus
        // Counted downwards, because the least number has no positive counterpart.
        var negated: Int64 = 0
        for position in range.dropFirst(isSigned ? 1 : 0) {
            let digit = self[position] &- Byte.zero
            let (shifted, overflow) = negated.multipliedReportingOverflow(by: 10)
            let (sum, carry) = shifted.subtractingReportingOverflow(Int64(digit))
            guard digit <= 9, !overflow, !carry else { return nil }
            negated = sum
        }
        return first == Byte.minus ? negated : negated == .min ? nil : -negated
    }
}
