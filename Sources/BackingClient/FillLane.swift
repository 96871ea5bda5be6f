import Logging
import NIOCore

/// The fill lane of one event loop: one pipelined connection to the backing, kept up, on which missed values are fetched.
///
/// Everything here runs on `eventLoop`.
public final class FillLane {
    public let eventLoop: any EventLoop
    /// The lane's number, by which the cache tells lanes apart.
    public let index: Int

    /// Hears of ups and downs.
    public weak var observer: (any FillLaneObserver)?

    public init(index: Int, connector: BackingConnector, eventLoop: any EventLoop, logger: Logger) {
        self.index = index
        self.eventLoop = eventLoop
    }

    /// Starts connecting, and keeps connecting: at once, then with jittered backoff of at most 1 s.
    public func start() { fatalError("stub") }

    /// Closes for good; waiters fail with ``BackingError/Code-swift.enum/unavailable``.
    public func close() -> EventLoopFuture<Void> { fatalError("stub") }

    /// Whether fills are being answered.
    public var isReady: Bool { fatalError("stub") }

    /// Fetches `key`; `completion` is called exactly once, on the event loop, never before this call returns.
    ///
    /// While the backing is away it fails at once; while the connection is being made it waits for that, bounded in number and
    /// by the connect time-out. The command is written at the end of the event loop's turn, together with the others of that turn.
    public func fetch(_ key: ByteBuffer, completion: @escaping (FillReply) -> Void) { fatalError("stub") }
}

/// What a fetch brought.
public struct FillReply: Sendable {
    public enum Outcome: Sendable {
        /// The value, and the key's remaining time to live as of ``FillReply/sent`` in milliseconds (nil: the key does not expire).
        case value(ByteBuffer, timeToLive: Int64?)
        /// A value beside a `PTTL` of -2 or an error: to be passed on, not to be stored.
        case unstorable(ByteBuffer)
        case absent
        /// The value has this many bytes, more than ``BackingConfiguration/maxValueSize``; it was read past and not kept.
        case tooLarge(length: Int)
        case failure(BackingError)
    }
    public var outcome: Outcome
    /// When the command was written to the socket: monotonic nanoseconds, see ``MonotonicClock``.
    public var sent: UInt64
    public init(outcome: Outcome, sent: UInt64) {
        self.outcome = outcome
        self.sent = sent
    }
}

/// Hears of a fill lane's ups and downs, on its event loop.
public protocol FillLaneObserver: AnyObject {
    /// The lane is logged in and its database selected.
    ///
    /// - Parameter commandTable: The whole raw reply to `COMMAND`; nil where the server refused it.
    func fillLaneIsUp(_ lane: FillLane, commandTable: ByteBuffer?)
    /// The connection was lost or could not be made; told for each failed attempt. Waiters have not been failed yet.
    func fillLaneIsDown(_ lane: FillLane, error: BackingError)
}
