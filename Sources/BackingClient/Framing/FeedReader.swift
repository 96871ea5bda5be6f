import NIOCore

/// Turns the bytes of the invalidation connection into replies.
///
/// Announcements are arrays in arrays, of any size. hiredis allocates as many elements as an array announces, before any of them has
/// come; so a frame is collected first, and parsed once it is whole. Its size then bounds what is allocated.
struct FeedReader {
    enum Incoming: Equatable {
        case reply(BackingReply)
        /// A frame longer than the limit, which was read past.
        case tooLong
    }

    private var frames: ReplyReader

    /// - Parameter limit: the longest frame that is parsed, in bytes.
    init(limit: Int = 4 << 20) {
        self.frames = ReplyReader(maxValueSize: limit, rawLimit: limit)
        self.frames.collectsRawFrame = true
    }

    /// Takes the next bytes; only when ``next()`` has answered nil for those before.
    mutating func append(_ bytes: ByteBuffer) {
        self.frames.append(bytes)
    }

    /// The next reply that is whole, or nil when more bytes are needed.
    mutating func next() throws(ReplyViolation) -> Incoming? {
        switch try self.frames.next() {
        case nil: return nil
        case .raw(nil): return .tooLong
        case .raw(let frame?): return .reply(try Self.parse(frame))
        case let reply?: return .reply(reply)
        }
    }

    private static func parse(_ frame: ByteBuffer) throws(ReplyViolation) -> BackingReply {
        // A reader for each frame: announcements are few, and nothing of one may reach the next.
        let hiredis = HiredisReader()
        var rest = frame
        while let piece = rest.readSlice(length: min(rest.readableBytes, HiredisReader.feedLimit)),
            piece.readableBytes > 0
        {
            let fed = piece.withUnsafeReadableBytes { bytes in
                Result { () throws(ReplyViolation) in try hiredis.feed(bytes) }
            }
            try fed.get()
            if let reply = try hiredis.next() { return reply }
        }
        throw ReplyViolation(reason: "an unfinished reply")
    }
}
