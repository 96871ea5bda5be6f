/// Finds the ends of reply frames, RESP2 and RESP3, without building values and without keeping bytes.
///
/// Bytes are passed as they come, each once; nothing needs to be kept by the caller. An attribute (`|`) counts as the
/// beginning of the frame that follows it, streamed strings and aggregates (`$?`, `*?` …) as one frame.
///
/// Memory is bounded by ``FrameLimits/depth``, whatever is announced; the body of a blob is skipped, not looked at.
public struct FrameScanner: Sendable {
    private enum Stage {
        /// A type byte comes next.
        case element
        /// Inside a line that came in pieces, or that is one of the rare ones.
        case line
        case body
        case bodyCarriageReturn
        case bodyLineFeed
    }

    /// The limits that hold against a hostile server.
    public var limits: FrameLimits

    /// The type byte of the top-level frame in hand or just ended (behind its attributes), 0 before its first byte.
    public private(set) var frameType: UInt8

    private var stage = Stage.element
    private var nesting = FrameNesting()
    private var line = ReplyLine(type: 0)
    /// Bytes of the body in hand still to come, without its CRLF.
    private var remainingBody = 0
    /// An attribute was read, and what it belongs to must follow.
    private var isBehindAttribute = false
    /// A streamed blob is in hand: chunks follow until the empty one.
    private var isInStreamedBlob = false
    /// Bytes of the frame in hand that earlier calls looked at.
    private var scanned = 0

    /// True between frames: nothing of a next frame has been seen.
    public var isAtFrameStart: Bool {
        stage == .element && nesting.depth == 0 && !isBehindAttribute && !isInStreamedBlob
    }

    /// A scanner that stands before the first byte of a connection.
    public init(limits: FrameLimits = FrameLimits()) {
        self.limits = limits
        self.frameType = 0
    }

    /// Scans `bytes` from `offset` on, up to the next thing worth a stop.
    ///
    /// - Throws: ``ProtocolError`` when the bytes are no RESP or exceed a limit; the scanner is then unusable.
    public mutating func scan(_ bytes: RawSpan, from offset: Int) throws(ProtocolError) -> FrameScanStep {
        let count = bytes.byteCount
        let frameStart = offset - scanned
        var position = offset
        while position < count {
            // By far the most of what comes: an element without elements, whole and in plain spelling.
            if stage == .element, !isInStreamedBlob, let end = bytes.plainLeafEnd(at: position, limits: limits) {
                if nesting.depth == 0 { frameType = bytes[position] }
                position = end
                isBehindAttribute = false
                if moveOn(to: nesting.elementEnded()) { return .frameEnd(at: position) }
                continue
            }
            let event: Event
            switch stage {
            case .element:
                event = try scanElement(bytes, &position, frameStart)
            case .line:
                event = try scanLine(bytes, &position, frameStart)
            case .body:
                event = skipBody(count, &position)
            case .bodyCarriageReturn, .bodyLineFeed:
                event = try scanBodyEnd(bytes[position], at: position - frameStart)
                position += 1
            }
            switch event {
            case .goesOn:
                break
            case .elementEnd:
                if moveOn(to: nesting.elementEnded()) { return .frameEnd(at: position) }
            case .streamEnd:
                if moveOn(to: nesting.streamEnded()) { return .frameEnd(at: position) }
            case .largeBlob(let headerLength):
                scanned = position - frameStart
                return .largeBlob(headerStart: position - headerLength, body: position, length: remainingBody)
            }
        }
        scanned = position - frameStart
        return .needsMore
    }

    /// What was seen with a piece of the bytes.
    private enum Event {
        case goesOn
        case elementEnd
        /// A streamed aggregate ended.
        case streamEnd
        /// The header of a large blob, that many bytes long, was passed.
        case largeBlob(headerLength: Int)
    }

    /// Makes ready for what comes next; true when that is another frame.
    @inline(__always)
    private mutating func moveOn(to position: FrameNesting.Position) -> Bool {
        stage = .element
        switch position {
        case .betweenElements:
            return false
        case .behindAttribute:
            isBehindAttribute = true
            return false
        case .frameEnd:
            scanned = 0
            return true
        }
    }
}

// MARK: - Lines

extension FrameScanner {
    /// Takes an element from its type byte on.
    private mutating func scanElement(
        _ bytes: RawSpan, _ position: inout Int, _ frameStart: Int
    ) throws(ProtocolError) -> Event {
        let start = position
        let type = bytes[start]
        if nesting.depth == 0, !isInStreamedBlob { frameType = type == FrameType.attribute ? 0 : type }
        switch type {
        case FrameType.blob, FrameType.array, FrameType.map, FrameType.set, FrameType.push:
            guard !isInStreamedBlob, let plain = bytes.plainCount(at: start) else { break }
            isBehindAttribute = false
            position = plain.end
            return try open(type, count: Int64(plain.value), headerLength: plain.end - start, at: start - frameStart)
        default:
            break
        }
        try beginLine(type, at: start - frameStart)
        position = start + 1
        return .goesOn
    }

    /// Begins a line that is taken byte by byte.
    private mutating func beginLine(_ type: UInt8, at offset: Int) throws(ProtocolError) {
        let isExpected =
            switch type {
            case FrameType.chunk: isInStreamedBlob
            case FrameType.end: nesting.mayStreamEnd && !isBehindAttribute && !isInStreamedBlob
            default: FrameType.beginsElement(type) && !isInStreamedBlob
            }
        guard isExpected else {
            throw ProtocolError(message: "Protocol error: unexpected byte \(type) where a reply begins", offset: offset)
        }
        isBehindAttribute = false
        line = ReplyLine(type: type)
        stage = .line
    }

    private mutating func scanLine(
        _ bytes: RawSpan, _ position: inout Int, _ frameStart: Int
    ) throws(ProtocolError) -> Event {
        while position < bytes.byteCount {
            let progress = line.append(bytes[position])
            guard line.length <= limits.lineLength else {
                throw ProtocolError(
                    message: "Protocol error: too long a line in a reply", offset: position - frameStart)
            }
            switch progress {
            case .goesOn:
                position += 1
            case .whole:
                position += 1
                // Type, text, CR and LF.
                return try lineEnded(headerLength: line.length + 3, end: position - frameStart)
            case .malformed:
                throw ProtocolError(message: "Protocol error: malformed line in a reply", offset: position - frameStart)
            }
        }
        return .goesOn
    }

    /// Acts on the whole line in hand, which ended right before `end` in the frame.
    private mutating func lineEnded(headerLength: Int, end: Int) throws(ProtocolError) -> Event {
        switch line.type {
        case FrameType.end:
            return .streamEnd
        case FrameType.simpleString, FrameType.error, FrameType.integer, FrameType.null, FrameType.boolean,
            FrameType.double, FrameType.bigNumber:
            return .elementEnd
        default:
            let start = end - headerLength
            if line.isStreamed { return try openStreamed(line.type, at: start) }
            guard let count = line.count else { throw .invalidLength(at: start) }
            return try open(line.type, count: count, headerLength: headerLength, at: start)
        }
    }
}

// MARK: - Blobs and aggregates

extension FrameScanner {
    /// Enters what a header of `type` announced.
    private mutating func open(
        _ type: UInt8, count: Int64, headerLength: Int, at offset: Int
    ) throws(ProtocolError) -> Event {
        // The nulls of RESP2.
        if count == -1, type == FrameType.blob || type == FrameType.array { return .elementEnd }
        guard count >= 0, let count = Int(exactly: count) else {
            throw .invalidLength(at: offset)
        }
        switch type {
        case FrameType.blob, FrameType.verbatim, FrameType.blobError:
            remainingBody = count
            stage = .body
            return count > limits.reportedBlobLength ? .largeBlob(headerLength: headerLength) : .goesOn
        case FrameType.chunk:
            isInStreamedBlob = count > 0
            remainingBody = count
            stage = .body
            return count > 0 ? .goesOn : .elementEnd
        case FrameType.map, FrameType.attribute:
            let (elements, overflow) = count.multipliedReportingOverflow(by: 2)
            guard !overflow else {
                throw .invalidLength(at: offset)
            }
            return try enter(elements, of: type, at: offset)
        default:
            return try enter(count, of: type, at: offset)
        }
    }

    private mutating func openStreamed(_ type: UInt8, at offset: Int) throws(ProtocolError) -> Event {
        switch type {
        case FrameType.blob:
            isInStreamedBlob = true
            stage = .element
            return .goesOn
        case FrameType.array, FrameType.map, FrameType.set:
            return try enter(nil, of: type, at: offset)
        default:
            throw .invalidLength(at: offset)
        }
    }

    /// Goes down into an aggregate of `count` elements; nil: streamed.
    private mutating func enter(_ count: Int?, of type: UInt8, at offset: Int) throws(ProtocolError) -> Event {
        let isAttribute = type == FrameType.attribute
        stage = .element
        if count == 0 {
            if isAttribute { isBehindAttribute = true }
            return isAttribute ? .goesOn : .elementEnd
        }
        guard nesting.depth < limits.depth else {
            throw ProtocolError(message: "Protocol error: too deeply nested a reply", offset: offset)
        }
        nesting.enter(count: count, isAttribute: isAttribute, isMap: type == FrameType.map)
        return .goesOn
    }

    private mutating func skipBody(_ count: Int, _ position: inout Int) -> Event {
        let skipped = min(remainingBody, count - position)
        remainingBody -= skipped
        position += skipped
        if remainingBody == 0 { stage = .bodyCarriageReturn }
        return .goesOn
    }

    private mutating func scanBodyEnd(_ byte: UInt8, at offset: Int) throws(ProtocolError) -> Event {
        let isFeed = stage == .bodyLineFeed
        guard byte == (isFeed ? Byte.lineFeed : Byte.carriageReturn) else {
            throw ProtocolError(message: "Protocol error: no line end behind a blob", offset: offset)
        }
        stage = isFeed ? .element : .bodyLineFeed
        // The end of a chunk is not yet that of its streamed blob.
        return isFeed && !isInStreamedBlob ? .elementEnd : .goesOn
    }
}

extension ProtocolError {
    fileprivate static func invalidLength(at offset: Int) -> ProtocolError {
        ProtocolError(message: "Protocol error: invalid length in a reply", offset: offset)
    }
}
