import BackingClient
import LocalCache
import Logging
import NIOCore

/// A value as the local cache keeps it.
public enum CachedValue: Sendable {
    /// The value's bytes, without any framing.
    case bytes(ByteBuffer)
    /// The key's value is longer than `CACHE_MAX_VALUE_SIZE`: not kept; its readers are relayed on connections of their own.
    case large(length: Int)
}

/// How a fill ended, for one who waited for it.
public enum FillOutcome: Sendable {
    case value(ByteBuffer)
    case absent
    case large(length: Int)
    case failure(BackingError)
}

/// One who waits for a fill.
public protocol FillWaiter: AnyObject, Sendable {
    var eventLoop: any EventLoop { get }
    /// Called once on ``eventLoop`` for each read that answered ``ReadThrough/Reading/pending(lane:)``, never from inside the read.
    ///
    /// - Parameter request: The number given to the read.
    func fillEnded(request: UInt64, outcome: FillOutcome)
}

/// A waiter as the cache keeps it.
public struct WaitingRead: Sendable {
    var waiter: any FillWaiter
    var request: UInt64
}

/// The cache that all event loops share.
public typealias ValueCache = LocalCache<CachedValue, WaitingRead>

/// Reads of one event loop, through the local cache to the backing: look-up, and on a miss the fill.
public final class ReadThrough {
    public let eventLoop: any EventLoop

    /// How a read goes on.
    public enum Reading {
        /// Answered from the cache; the age is in nanoseconds since the entry was added.
        case hit(CachedValue, age: UInt64)
        /// The waiter will be told. `lane` is where the fetch is under way.
        case pending(lane: Int)
        /// Nothing may be answered before the reader's own earlier reads are: ask again then.
        case mustWait
    }

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Reads `key`.
    ///
    /// - Parameters:
    ///   - outstandingLane: The lane on which this reader still waits for earlier reads, or nil.
    ///   - request: Given back to the waiter.
    public func read(_ key: ByteBuffer, outstandingLane: Int?, waiter: any FillWaiter, request: UInt64) -> Reading {
        fatalError("stub")
    }
}
