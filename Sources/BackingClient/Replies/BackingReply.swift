import NIOCore

/// A reply on a connection of our own, as far as we ask for such.
enum BackingReply: Equatable, Sendable {
    /// `+OK`.
    case ok
    /// `+QUEUED`.
    case queued
    /// Another simple string; nobody asks which.
    case otherStatus
    /// An error, without the leading `-`.
    case error([UInt8])
    case integer(Int64)
    case bulk(ByteBuffer)
    case null
    case array([BackingReply])
    /// A bulk string that was longer than what is kept, and has been read past.
    case tooLong(length: Int)
    /// A frame that was asked for as it comes; nil where it was longer than the limit.
    case raw(ByteBuffer?)
    /// A type that RESP2 does not have.
    case other

    /// The bytes of a bulk string; nil for all else.
    var text: [UInt8]? {
        if case .bulk(let bytes) = self { Array(bytes.readableBytesView) } else { nil }
    }
}
