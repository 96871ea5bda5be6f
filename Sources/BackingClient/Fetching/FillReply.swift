import NIOCore
import Time

/// What a fetch brought.
public struct FillReply: Sendable {
    /// How a fetch ended.
    public enum Outcome: Sendable, Equatable {
        /// The value, and the key's remaining time to live as of ``FillReply/sent`` in milliseconds (nil: the key does not expire).
        case value(ByteBuffer, timeToLive: Int64?)
        /// A value beside a `PTTL` of -2 or an error: to be passed on, not to be stored.
        case unstorable(ByteBuffer)
        /// The key does not exist.
        case absent
        /// The value has this many bytes, more than ``BackingConfiguration/maxValueSize``; it was read past and not kept.
        case tooLarge(length: Int)
        /// The connection ended before the reply, perhaps for what somebody else was to be sent: whoever waits may ask on another one.
        case unanswered
        /// There is no value to be had.
        case failure(BackingError)
    }

    /// A value of fewer bytes may lie in the memory of the read that brought it, and keeps all of that: whoever keeps the value copies it.
    public static let sharedLength = ReplyReader.sharedLength

    /// How it ended.
    public var outcome: Outcome
    /// When the command was written to the socket. Where it never was, the time
    /// at which that was settled.
    public var sent: Instant
    /// The generation of the invalidation feed to which changes of the key are announced; 0: nobody is told.
    public var generation: UInt64

    /// A reply to a fetch written at `sent`.
    public init(outcome: Outcome, sent: Instant, generation: UInt64 = 0) {
        self.outcome = outcome
        self.sent = sent
        self.generation = generation
    }
}
