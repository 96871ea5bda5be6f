/// Finds the commands in what a client sends: multibulk and inline, incrementally.
///
/// The caller keeps the bytes. It passes all that it holds of the command in hand, from the command's first byte on;
/// the parser resumes where the last call stopped, so bytes are looked at once. After a command the caller drops
/// ``CommandParseResult`` `length` bytes and calls again with what is left.
///
/// The rules are those of `processInlineBuffer` and `processMultibulkBuffer` in Redis 7.0. Where Redis' answer depends
/// on how its reads happen to cut the bytes (a line that is over the limit, but whole), the answer here is the one for
/// bytes that come one by one, so that any cut gives the same result.
public struct CommandParser: Sendable {
    private enum Stage {
        /// Nothing of a command seen; the last one may have just ended.
        case start
        case inlineLine
        case argumentCount
        case argumentLength
        case argumentBody
    }

    /// The limits in force; a session that is not logged in has tighter ones.
    public var limits: CommandLimits

    /// Where the arguments of the command found last stand, first the command's name.
    ///
    /// For ``CommandParseResult/multibulk(length:)`` the ranges count from the command's first byte in the caller's
    /// buffer; for ``CommandParseResult/inline(length:)`` from the start of ``inlineAsMultibulk``. For
    /// ``CommandParseResult/line(length:)`` there is only the name, in the caller's buffer, or nothing where it is not clear either. While the result is
    /// ``CommandParseResult/incomplete`` it holds the arguments completed so far. The next call reuses the memory: a
    /// caller that still holds a copy then makes it allocate.
    public private(set) var arguments: [Range<Int>]

    /// The inline command found last, encoded anew as multibulk, its quotation marks taken off.
    public private(set) var inlineAsMultibulk: [UInt8]

    /// The arguments that the multibulk command in hand announced, or nil while that is not known (or it is inline).
    public private(set) var announcedArguments: Int?

    /// Whether the command found last, as far as it was not streamed on, is framed to the letter: CR and LF behind each count and each argument.
    ///
    /// Redis up to 8 takes any byte in the place of that LF, and any two behind an argument; Valkey 9.1 closes a client that sends others.
    public private(set) var isFramedToTheLetter = true

    private var stage = Stage.start
    /// How many of the caller's bytes were looked at.
    private var position = 0
    /// The count line in hand, where it came in pieces.
    private var line = CountLine()
    /// True when a NUL hides the end of the inline line in hand, as it does from `strchr`.
    private var lineHoldsNull = false
    /// Arguments still to come, the one in hand included.
    private var remainingArguments = 0
    private var bodyLength = 0
    /// Bytes of the body in hand still to come, with the two behind it.
    private var remainingBody = 0
    private var isStreaming = false
    /// Bytes of the command in hand that were streamed on and that the caller holds no more.
    private var streamed = 0

    /// A parser that stands before the first byte of a connection.
    public init(limits: CommandLimits = .redis) {
        self.limits = limits
        self.arguments = []
        self.inlineAsMultibulk = []
    }

    /// Looks at `bytes`, which begin with the first byte of the command in hand.
    ///
    /// - Throws: ``ProtocolError``, with Redis' own text, after which the connection must be closed.
    public mutating func parse(_ bytes: RawSpan) throws(ProtocolError) -> CommandParseResult {
        if stage == .start, let length = parseWhole(bytes) { return .multibulk(length: length) }
        let count = bytes.byteCount
        while position < count {
            switch stage {
            case .start:
                begin(with: bytes[position])
            case .inlineLine:
                if let result = try parseInlineLine(bytes) { return result }
            case .argumentCount:
                guard let value = try parseArgumentCount(bytes) else { break }
                if value <= 0 { return .nothing(length: end()) }
                announcedArguments = value
                remainingArguments = value
                stage = .argumentLength
            case .argumentLength:
                guard let length = try parseArgumentLength(bytes) else { break }
                bodyLength = length
                remainingBody = length + 2
                stage = .argumentBody
            case .argumentBody:
                let skipped = min(remainingBody, count - position)
                position += skipped
                remainingBody -= skipped
                if remainingBody == 0, endArgument(bytes) { return .multibulk(length: end()) }
            }
        }
        if isStreaming { _ = startStreaming() }
        return .incomplete
    }

    /// Gives up keeping the unfinished multibulk command in hand, because it is being streamed on as it comes.
    ///
    /// The caller forwards and drops the returned number of bytes (all that the parser has looked at). From then on
    /// ``parse(_:)`` is passed only the bytes that follow, each once, records no further arguments, and keeps
    /// answering ``CommandParseResult/incomplete`` until the command ends; its `length` then counts the bytes passed
    /// to that last call.
    ///
    /// - Returns: 0, without effect, where no multibulk command is in hand.
    public mutating func startStreaming() -> Int {
        guard stage != .start, stage != .inlineLine else { return 0 }
        let looked = position
        isStreaming = true
        streamed += looked
        position = 0
        return looked
    }
}

// MARK: - Commands

extension CommandParser {
    /// By far the most of what comes: a multibulk command that is there whole, framed to the letter, its counts in plain spelling and within
    /// the limits.
    ///
    /// - Returns: Its length; nil for everything else, which is then taken the long way from its first byte on.
    private mutating func parseWhole(_ bytes: RawSpan) -> Int? {
        let count = bytes.byteCount
        guard count > 0, bytes[0] == Byte.asterisk, let announced = bytes.plainCount(at: 0),
            announced.value > 0, announced.value <= limits.arguments
        else { return nil }
        removeArguments()
        var position = announced.end
        for _ in 0..<announced.value {
            guard position < count, bytes[position] == Byte.dollar, let length = bytes.plainCount(at: position),
                length.value <= limits.bulkLength, count - length.end >= length.value + 2
            else { return nil }
            let end = length.end + length.value
            guard bytes.isLineEnd(at: end) else { return nil }
            arguments.append(length.end..<end)
            position = end + 2
        }
        announcedArguments = announced.value
        isFramedToTheLetter = true
        return position
    }

    private mutating func removeArguments() {
        // One command with very many arguments must not hold its memory for the rest of a session.
        arguments.removeAll(keepingCapacity: arguments.capacity <= 1024)
    }

    private mutating func begin(with byte: UInt8) {
        removeArguments()
        announcedArguments = nil
        isFramedToTheLetter = true
        stage = byte == Byte.asterisk ? .argumentCount : .inlineLine
    }

    /// Makes ready for the next command and returns the length of the one that ended.
    private mutating func end() -> Int {
        let length = position
        position = 0
        streamed = 0
        isStreaming = false
        stage = .start
        return length
    }

    /// Records the argument whose last byte was passed; true when it was the command's last.
    private mutating func endArgument(_ bytes: RawSpan) -> Bool {
        if !isStreaming {
            let end = position - 2
            // These should be CR and LF; Redis does not look at them.
            if !bytes.isLineEnd(at: end) { isFramedToTheLetter = false }
            arguments.append(end - bodyLength..<end)
        }
        remainingArguments -= 1
        stage = .argumentLength
        return remainingArguments == 0
    }

    private func error(_ message: StaticString, at offset: Int) -> ProtocolError {
        ProtocolError(message: "\(message)", offset: streamed + offset)
    }
}

// MARK: - Count lines

extension CommandParser {
    private mutating func parseArgumentCount(_ bytes: RawSpan) throws(ProtocolError) -> Int? {
        let count: Int64?
        if line.isEmpty, let plain = bytes.plainCount(at: position) {
            position = plain.end
            count = Int64(plain.value)
        } else {
            guard let line = try parseLine(bytes, tooBig: "Protocol error: too big mbulk count string") else {
                return nil
            }
            count = line.count
        }
        // The number stands behind the command's first byte, which may have been streamed on.
        if let objection = limits.objection(toArguments: count) { throw error(objection, at: 1 - streamed) }
        return count.map { Int(clamping: $0) }
    }

    private mutating func parseArgumentLength(_ bytes: RawSpan) throws(ProtocolError) -> Int? {
        let start: Int
        let length: Int64?
        if line.isEmpty, bytes[position] == Byte.dollar, let plain = bytes.plainCount(at: position) {
            start = position
            position = plain.end
            length = Int64(plain.value)
        } else {
            guard let line = try parseLine(bytes, tooBig: "Protocol error: too big bulk count string") else {
                return nil
            }
            // The line's end is two bytes long. Where it was streamed on in pieces, its start lies before `bytes`.
            start = position - line.length - 2
            guard line.type == Byte.dollar else { throw .expectedBulk(found: line.type, offset: streamed + start) }
            length = line.count
        }
        if let objection = limits.objection(toBulkLength: length) { throw error(objection, at: start + 1) }
        return length.map { Int(clamping: $0) }
    }

    /// Reads the line in hand on, and returns it once its end has come.
    private mutating func parseLine(
        _ bytes: RawSpan, tooBig: StaticString
    ) throws(ProtocolError) -> CountLine? {
        while position < bytes.byteCount {
            let isWhole = line.append(bytes[position])
            position += 1
            if isWhole {
                defer { line = CountLine() }
                if !line.endsWithLineFeed { isFramedToTheLetter = false }
                return line
            }
            guard line.length <= limits.inlineLength else { throw error(tooBig, at: position - 1) }
        }
        return nil
    }
}

// MARK: - Inline commands

extension CommandParser {
    private mutating func parseInlineLine(_ bytes: RawSpan) throws(ProtocolError) -> CommandParseResult? {
        while position < bytes.byteCount {
            let byte = bytes[position]
            if byte == Byte.lineFeed, !lineHoldsNull {
                position += 1
                return inlineCommand(bytes)
            }
            if byte == Byte.null { lineHoldsNull = true }
            guard position < limits.inlineLength else {
                throw error("Protocol error: too big inline request", at: position)
            }
            position += 1
        }
        return nil
    }

    /// The inline command whose line feed was just passed.
    private mutating func inlineCommand(_ bytes: RawSpan) -> CommandParseResult {
        var lineEnd = position - 1
        if lineEnd > 0, bytes[lineEnd - 1] == Byte.carriageReturn { lineEnd -= 1 }
        let line = bytes.extracting(0..<lineEnd)
        var splitter = InlineSplitter()
        guard splitter.split(line) else {
            arguments = splitter.arguments
            return .line(length: end())
        }
        guard !splitter.arguments.isEmpty else { return .nothing(length: end()) }
        encode(splitter.arguments, of: line)
        return .inline(length: end())
    }

    private mutating func encode(_ words: [Range<Int>], of line: RawSpan) {
        inlineAsMultibulk.removeAll(keepingCapacity: true)
        RESPEncoder.arrayHeader(count: words.count, into: &inlineAsMultibulk)
        for word in words {
            RESPEncoder.bulk(line.extracting(word), into: &inlineAsMultibulk)
            let end = inlineAsMultibulk.count - 2
            arguments.append(end - word.count..<end)
        }
    }
}
