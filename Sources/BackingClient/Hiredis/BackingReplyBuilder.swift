import CHiredis
import NIOCore

/// Puts a reply together of the objects that hiredis parses, which come one by one, an array before its elements.
struct BackingReplyBuilder {
    /// See ``HiredisReader/next(in:)``.
    var frame: ByteBuffer?
    /// See ``HiredisReader/nextNil(standsForBulkOf:)``.
    var longBulk: Int?
    private var reply: BackingReply?
    /// The arrays that have begun, the innermost last.
    private var arrays: [(missing: Int, elements: [BackingReply], isArray: Bool)] = []

    /// The reply that is whole.
    mutating func takeReply() -> BackingReply? { self.reply.take() }

    mutating func add(text: UnsafeRawBufferPointer, type: CInt) {
        switch type {
        case REDIS_REPLY_STRING: self.add(.bulk(self.value(text)))
        case REDIS_REPLY_ERROR: self.add(.error(Array(text)))
        case REDIS_REPLY_STATUS:
            self.add(text.elementsEqual("OK".utf8) ? .ok : text.elementsEqual("QUEUED".utf8) ? .queued : .otherStatus)
        default: self.add(.other)
        }
    }

    mutating func addNil() { self.add(self.longBulk.take().map { .tooLong(length: $0) } ?? .null) }

    /// A bulk string is the end of its frame, but for CR and LF.
    private func value(_ text: UnsafeRawBufferPointer) -> ByteBuffer {
        guard let frame, self.arrays.isEmpty,
            let value = frame.getSlice(at: frame.writerIndex - 2 - text.count, length: text.count)
        else { return ByteBuffer(bytes: text) }
        return value
    }

    /// What only RESP3 has, a map or a set, comes as an array of another type.
    mutating func begin(arrayOf count: Int, type: CInt) {
        self.arrays.append((count, [], type == REDIS_REPLY_ARRAY))
        self.endArrays()
    }

    mutating func add(_ object: BackingReply) {
        guard !self.arrays.isEmpty else {
            self.reply = object
            return
        }
        self.arrays[self.arrays.count - 1].elements.append(object)
        self.arrays[self.arrays.count - 1].missing -= 1
        self.endArrays()
    }

    /// An array that is whole is an element of the one around it.
    private mutating func endArrays() {
        guard let last = self.arrays.last, last.missing <= 0 else { return }
        self.arrays.removeLast()
        self.add(last.isArray ? .array(last.elements) : .other)
    }
}
