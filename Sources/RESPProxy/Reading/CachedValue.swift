import BackingClient
import NIOCore

/// A value as the local cache keeps it.
public enum CachedValue: Sendable {
    /// The value's bytes, without any framing.
    case bytes(ByteBuffer)
    /// The key's value is longer than `CACHE_MAX_VALUE_SIZE`: not kept; its readers are relayed on connections of their own.
    case large(length: Int)
    /// There is no such key; kept only where the server announces that it appears.
    case absent

    /// Values up to this length are kept as bytes beside their keys, and copied for each reader.
    static let copiedLength = FillReply.sharedLength

    init(copying bytes: RawSpan) { self = .bytes(ByteBuffer(copying: bytes)) }
}

/// How a fill ended, for one who waited for it.
public enum FillOutcome: Sendable {
    case value(ByteBuffer)
    /// The backing is away; this is what it said so many nanoseconds ago (`CACHE_STALE_IF_ERROR`).
    case stale(ByteBuffer, age: UInt64)
    case absent
    /// Not brought by the fill: the reader asks on a connection of its own. The length is nil where it is not known.
    case large(length: Int?)
    case failure(BackingError)

    /// Whether the backing is away and something older stands in.
    var isStale: Bool { if case .stale = self { true } else { false } }

    init(_ value: CachedValue) {
        switch value {
        case .bytes(let bytes): self = .value(bytes)
        case .large(let length): self = .large(length: length)
        case .absent: self = .absent
        }
    }

    init(_ outcome: FillReply.Outcome) {
        switch outcome {
        case .value(let value, _), .unstorable(let value): self = .value(value)
        case .absent: self = .absent
        case .tooLarge(let length): self = .large(length: length)
        case .unanswered: self = .large(length: nil)
        // At its memory limit Redis queues nothing, but a plain GET is answered: the readers ask for themselves, as for a large value.
        case .failure(let error) where error.code == .server && error.message.starts(with: "OOM ".utf8):
            self = .large(length: nil)
        case .failure(let error): self = .failure(error)
        }
    }
}

/// One who waits for a fill.
public protocol FillWaiter: AnyObject {
    /// Never another. Any thread may ask for it, and for nothing else.
    var eventLoop: any EventLoop { get }
    /// Called once on ``eventLoop`` for each read that answered ``ReadThrough/Reading/pending(lane:isPast:)``, never from inside the
    /// read.
    ///
    /// - Parameters:
    ///   - request: The number given to the read.
    ///   - outranCache: What the cache has of the key may be older, as of now: nobody who was given the outcome may be given that
    ///     before a barrier.
    func fillEnded(request: UInt64, outcome: FillOutcome, outranCache: Bool)
}

/// A waiter as the cache keeps it, which all event loops share: it is told on its own.
public struct WaitingRead: @unchecked Sendable {
    // Sendable because only the waiter's event loop is asked for elsewhere than on it. With an `NIOLoopBound` and the event loop beside
    // it there would be three references, counted wherever one of these is passed on.
    private let waiter: any FillWaiter
    private let request: UInt64
    /// The fill lane of the waiter's event loop.
    private let lane: Int
    /// When it was asked for, in monotonic nanoseconds.
    let asked: UInt64

    init(waiter: any FillWaiter, request: UInt64, lane: Int, asked: UInt64) {
        self.waiter = waiter
        self.request = request
        self.lane = lane
        self.asked = asked
    }

    /// - Parameter lane: The fill lane of the event loop that this is called on.
    func tell(_ outcome: FillOutcome, outranCache: Bool = false, fromLane lane: Int) {
        if lane == self.lane {
            waiter.fillEnded(request: request, outcome: outcome, outranCache: outranCache)
        } else {
            waiter.eventLoop.execute { [self] in
                waiter.fillEnded(request: request, outcome: outcome, outranCache: outranCache)
            }
        }
    }
}
