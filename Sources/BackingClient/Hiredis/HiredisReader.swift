import CHiredis
import NIOCore

/// hiredis' incremental reply parser.
///
/// What it parses becomes a ``BackingReply`` at once, by functions that it calls for each object, as in hiredis-py. Its own functions would
/// make a `redisReply` of it first, three times memory for each value.
final class HiredisReader {
    /// It moves what it has not parsed yet to the front of its buffer for each reply, so many small replies fed at once
    /// would cost quadratically.
    static let feedLimit = 16 * 1024

    private let reader: UnsafeMutablePointer<redisReader>
    /// Where hiredis finds us; it must not move.
    private let objects: UnsafeMutablePointer<redis_proxy_objects>
    private var builder = BackingReplyBuilder()

    init() {
        objects = .allocate(capacity: 1)
        objects.initialize(
            to: redis_proxy_objects(
                context: nil,
                text: {
                    HiredisReader.at($0).builder.add(text: UnsafeRawBufferPointer(start: $2, count: $3), type: $1)
                },
                integer: { HiredisReader.at($0).builder.add(.integer($1)) },
                array: { HiredisReader.at($0).builder.begin(arrayOf: $2, type: $1) },
                nil: { HiredisReader.at($0).builder.addNil() }))
        guard let reader = redis_proxy_create_reader(objects) else { preconditionFailure("out of memory") }
        self.reader = reader
        objects.pointee.context = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        redisReaderFree(self.reader)
        self.objects.deallocate()
    }

    /// The reader whose functions are called, while ``next()`` runs.
    private static func at(_ context: UnsafeMutableRawPointer?) -> HiredisReader {
        // Set once in `init`, before anything is fed.
        guard let context else { preconditionFailure("hiredis calls for a reader that it has not been given") }
        return Unmanaged<HiredisReader>.fromOpaque(context).takeUnretainedValue()
    }

    /// Copies `bytes`, at most ``feedLimit`` of them, behind those fed before.
    func feed(_ bytes: UnsafeRawBufferPointer) throws(ReplyViolation) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        guard redisReaderFeed(self.reader, start.assumingMemoryBound(to: CChar.self), bytes.count) == REDIS_OK else {
            throw self.violation
        }
    }

    /// The nil that is fed next stands for a bulk string of that length; all before it has been parsed.
    func nextNil(standsForBulkOf length: Int) { self.builder.longBulk = length }

    /// The next whole reply, or nil when bytes are missing.
    ///
    /// - Parameter frame: The reply as it came, where it lies whole in memory that others may share: a value is then not copied.
    func next(in frame: ByteBuffer? = nil) throws(ReplyViolation) -> BackingReply? {
        var object: UnsafeMutableRawPointer?
        self.builder.frame = frame
        defer { self.builder.frame = nil }
        guard redisReaderGetReply(self.reader, &object) == REDIS_OK else { throw self.violation }
        return object == nil ? nil : self.builder.takeReply()
    }

    private var violation: ReplyViolation {
        let reason = withUnsafeBytes(of: self.reader.pointee.errstr) { text in
            String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        }
        return ReplyViolation(reason: reason)
    }
}
