import CHiredis

/// hiredis' incremental reply parser.
///
/// The reader is created with hiredis' own object functions: the layout of `redisReplyObjectFunctions` differs between 0.14 and 1.x,
/// so it is never filled in from Swift.
final class HiredisReader {
    /// It moves what it has not parsed yet to the front of its buffer for each reply, so many small replies fed at once
    /// would cost quadratically.
    static let feedLimit = 16 * 1024

    private let reader: UnsafeMutablePointer<redisReader>

    init() {
        guard let reader = redisReaderCreate() else { preconditionFailure("out of memory") }
        self.reader = reader
    }

    deinit {
        redisReaderFree(self.reader)
    }

    /// Copies `bytes`, at most ``feedLimit`` of them, behind those fed before.
    func feed(_ bytes: UnsafeRawBufferPointer) throws(ReplyViolation) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        guard redisReaderFeed(self.reader, start.assumingMemoryBound(to: CChar.self), bytes.count) == REDIS_OK else {
            throw self.violation
        }
    }

    /// The next whole reply, or nil when bytes are missing.
    func next() throws(ReplyViolation) -> BackingReply? {
        var object: UnsafeMutableRawPointer?
        guard redisReaderGetReply(self.reader, &object) == REDIS_OK else { throw self.violation }
        guard let object else { return nil }
        defer { freeReplyObject(object) }
        return BackingReply(UnsafePointer(object.assumingMemoryBound(to: redisReply.self)))
    }

    private var violation: ReplyViolation {
        let reason = withUnsafeBytes(of: self.reader.pointee.errstr) { text in
            String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        }
        return ReplyViolation(reason: reason)
    }
}
