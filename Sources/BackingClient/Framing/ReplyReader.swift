import NIOCore
import RESPParser

/// Turns the bytes of a connection of our own into replies: our scanner finds the frames, hiredis parses them.
///
/// A bulk string longer than `maxValueSize` never enters hiredis, which would buffer and copy all of it. Its header and body are
/// replaced by a nil, for which the reply then says how long the value was. The body is read past and dropped as it comes. That is
/// simpler than handing the connection over to the one who waits for it: the key is relayed on a connection of its own
/// afterwards, and the other fills of the lane wait for no more than the transfer.
struct ReplyReader {
    /// The next frame is collected as it is, instead of being parsed. hiredis 0.14 refuses the reply to `COMMAND`, which nests too deep.
    var collectsRawFrame: Bool {
        didSet { if self.collectsRawFrame != oldValue { self.splitter.limitDepth(to: self.collectsRawFrame ? 32 : 1) } }
    }

    /// A value of fewer bytes may lie in the memory of the read that brought it.
    static let sharedLength = 1_024

    /// No header line of a bulk string is longer. That many bytes at the end of an unfinished frame wait for the next ones, so that
    /// a header can still be replaced.
    private static let headerLimit = 32

    private let rawLimit: Int
    private var splitter: ReplySplitter
    private let hiredis: HiredisReader
    private var parsed: BackingReply?
    private var raw = ByteBuffer()
    private var rawLength = 0
    /// The reply in hand has a value that is too long.
    private var hasLongValue = false
    /// How many of the next bytes belong to a value that is dropped.
    private var bytesToDrop = 0
    private var isHeadChecked = false

    /// The bytes that came last, and how many of them the splitter has seen.
    private var chunk = ByteBuffer()
    private var scanned = 0
    /// Bytes from before `chunk` that wait. `taken` says how many bytes of `chunk` are dealt with; it is negative while some wait.
    private var held = ByteBuffer()
    private var taken = 0

    /// - Parameters:
    ///   - maxValueSize: the longest bulk string that is kept, in bytes.
    ///   - rawLimit: the longest frame that is collected as it is, in bytes.
    init(maxValueSize: Int, rawLimit: Int = 16 << 20) {
        self.rawLimit = rawLimit
        self.splitter = ReplySplitter(limits: FrameLimits(depth: 1, reportedBlobLength: maxValueSize))
        self.hiredis = HiredisReader()
        self.collectsRawFrame = false
    }

    /// Takes the next bytes; only when ``next()`` has answered nil for those before.
    mutating func append(_ bytes: ByteBuffer) {
        self.chunk = bytes
        self.scanned = 0
    }

    /// The next frame that is whole, or nil when more bytes are needed.
    mutating func next() throws(ReplyViolation) -> BackingReply? {
        while let event = try self.nextEvent() {
            switch event {
            case .begins: break
            case .end(let range) where self.isWholeFrame(from: range.lowerBound, to: range.upperBound):
                return try self.takeWholeFrame(from: range.lowerBound, to: range.upperBound)
            case .piece:
                try self.takeUnfinishedFrame()
            case .end(let range):
                try self.take(upTo: range.upperBound)
                return try self.finishFrame()
            case .largeBlob(let range, let headerStart, let length):
                if !self.collectsRawFrame {
                    try self.replace(headerFrom: headerStart, to: range.upperBound, length: length)
                }
                if range.upperBound == self.chunk.readableBytes { try self.takeUnfinishedFrame() }
            }
        }
        return nil
    }

    private mutating func nextEvent() throws(ReplyViolation) -> ReplySplitter.Event? {
        let chunk = self.chunk
        do {
            return try self.splitter.next(in: chunk.readableBytesSpan, at: &self.scanned)
        } catch {
            throw ReplyViolation(reason: error.message)
        }
    }

    /// Puts a nil in the place of a long value, and drops what comes of it.
    private mutating func replace(headerFrom start: Int, to body: Int, length: Int) throws(ReplyViolation) {
        guard start >= self.taken else { throw ReplyViolation(reason: "a length of too many digits") }
        guard self.byte(at: start) == UInt8(ascii: "$") else {
            throw ReplyViolation(reason: "a long reply that is no value")
        }
        guard !self.hasLongValue else { throw ReplyViolation(reason: "two long values in one reply") }
        try self.take(upTo: start)
        self.hiredis.nextNil(standsForBulkOf: length)
        try self.feed(ByteBuffer(staticString: "$-1\r\n"))
        self.isHeadChecked = true
        self.held.clear()
        self.taken = body
        self.hasLongValue = true
        // The value's line end goes with it.
        self.bytesToDrop = length &+ 2
    }

    private mutating func takeUnfinishedFrame() throws(ReplyViolation) {
        let end = self.chunk.readableBytes
        self.drop(upTo: end)
        let waiting = self.collectsRawFrame ? 0 : Self.headerLimit
        if end - self.taken > waiting {
            try self.take(upTo: end - waiting)
        }
        var rest = ByteBuffer()
        if let part = self.heldPart(from: self.taken, to: end) { rest.writeImmutableBuffer(part) }
        if let part = self.chunkPart(from: self.taken, to: end) { rest.writeImmutableBuffer(part) }
        self.held = rest
        self.taken = -rest.readableBytes
        // Nothing of the chunk may keep its storage from being used again.
        self.chunk = ByteBuffer()
        self.scanned = 0
    }

    private mutating func finishFrame() throws(ReplyViolation) -> BackingReply {
        self.isHeadChecked = false
        self.held.clear()
        defer {
            self.hasLongValue = false
            self.parsed = nil
            self.raw = ByteBuffer()
            self.rawLength = 0
        }
        if self.scanned == self.chunk.readableBytes {
            self.chunk = ByteBuffer()
            self.scanned = 0
            self.taken = 0
        }
        if self.collectsRawFrame { return .raw(self.rawLength <= self.rawLimit ? self.raw : nil) }
        guard let parsed else { throw ReplyViolation(reason: "an unfinished reply") }
        return parsed
    }
}

/// A frame that is there whole: nearly all are, and nothing has to be held or put together.
extension ReplyReader {
    private func isWholeFrame(from start: Int, to end: Int) -> Bool {
        self.taken == start && self.held.readableBytes == 0 && !self.collectsRawFrame && !self.isHeadChecked
            && self.bytesToDrop == 0 && !self.hasLongValue && self.parsed == nil
            && end - start <= HiredisReader.feedLimit
    }

    /// A short value stays where it lies, in memory that it shares with the others of the same read.
    private func sharedFrame(from start: Int, to end: Int) -> ByteBuffer? {
        guard end - start <= Self.sharedLength, self.byte(at: start) == UInt8(ascii: "$") else { return nil }
        return self.chunkPart(from: start, to: end)
    }

    private mutating func takeWholeFrame(from start: Int, to end: Int) throws(ReplyViolation) -> BackingReply {
        try self.checkHead()
        let result = self.chunk.withUnsafeReadableBytes { bytes in
            Result { () throws(ReplyViolation) in
                try self.hiredis.feed(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            }
        }
        try result.get()
        guard let reply = try self.hiredis.next(in: self.sharedFrame(from: start, to: end)) else {
            throw ReplyViolation(reason: "an unfinished reply")
        }
        self.isHeadChecked = false
        if end == self.chunk.readableBytes {
            // Nothing of the chunk may keep its storage from being used again.
            self.chunk = ByteBuffer()
            self.scanned = 0
            self.taken = 0
        } else {
            self.scanned = end
            self.taken = end
        }
        return reply
    }
}

/// Dealing with the bytes, in their order.
extension ReplyReader {
    private mutating func drop(upTo end: Int) {
        let count = min(self.bytesToDrop, end - self.taken)
        guard count > 0 else { return }
        self.taken += count
        self.bytesToDrop -= count
    }

    /// Deals with all bytes up to `end`: those of a long value are dropped, the others collected or parsed.
    private mutating func take(upTo end: Int) throws(ReplyViolation) {
        self.drop(upTo: end)
        guard self.taken < end else { return }
        if !self.collectsRawFrame { try self.checkHead() }
        if let part = self.heldPart(from: self.taken, to: end) { try self.pass(part) }
        if let part = self.chunkPart(from: self.taken, to: end) { try self.pass(part) }
        self.taken = end
    }

    /// Whatever is asked on our own connections is answered by a line, a bulk string, or an array of two.
    ///
    /// hiredis allocates as many elements as an array announces, before any of them has come; so no other may reach it.
    private mutating func checkHead() throws(ReplyViolation) {
        guard !self.isHeadChecked else { return }
        self.isHeadChecked = true
        switch self.byte(at: self.taken) {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "$"):
            return
        case UInt8(ascii: "*"):
            guard self.byte(at: self.taken + 1) == UInt8(ascii: "2"),
                self.byte(at: self.taken + 2) == UInt8(ascii: "\r")
            else { throw ReplyViolation(reason: "an array of another size than asked for") }
        default:
            throw ReplyViolation(reason: "a reply of a type that was not asked for")
        }
    }

    private mutating func pass(_ part: ByteBuffer) throws(ReplyViolation) {
        guard self.collectsRawFrame else { return try self.feed(part) }
        self.rawLength += part.readableBytes
        if self.rawLength <= self.rawLimit {
            self.raw.writeImmutableBuffer(part)
        } else {
            self.raw = ByteBuffer()
        }
    }

    private mutating func feed(_ part: ByteBuffer) throws(ReplyViolation) {
        var part = part
        while part.readableBytes > 0 {
            guard self.parsed == nil else { throw ReplyViolation(reason: "bytes behind the end of a reply") }
            let length = min(part.readableBytes, HiredisReader.feedLimit)
            guard let piece = part.readSlice(length: length) else { return }
            let result = piece.withUnsafeReadableBytes { bytes in
                Result { () throws(ReplyViolation) in try self.hiredis.feed(bytes) }
            }
            try result.get()
            self.parsed = try self.hiredis.next()
        }
    }

    /// What of the bytes from `start` to `end` is in `held`: offsets count from the first byte of `chunk`, and those are negative.
    private func heldPart(from start: Int, to end: Int) -> ByteBuffer? {
        start < 0 ? self.held.getSlice(at: self.held.writerIndex + start, length: min(end, 0) - start) : nil
    }

    private func chunkPart(from start: Int, to end: Int) -> ByteBuffer? {
        let first = max(start, 0)
        return first < end ? self.chunk.getSlice(at: self.chunk.readerIndex + first, length: end - first) : nil
    }

    private func byte(at offset: Int) -> UInt8? {
        offset < 0
            ? self.held.getInteger(at: self.held.writerIndex + offset)
            : self.chunk.getInteger(at: self.chunk.readerIndex + offset)
    }
}
