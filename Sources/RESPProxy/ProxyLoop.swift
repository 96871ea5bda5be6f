import BackingClient
import Logging
import NIOCore

/// What the sessions of one event loop share: the reads, the fill lane, the command table, the counters.
public final class ProxyLoop {
    public let eventLoop: any EventLoop
    public let readThrough: ReadThrough

    init(eventLoop: any EventLoop, readThrough: ReadThrough) {
        self.eventLoop = eventLoop
        self.readThrough = readThrough
    }

    /// Starts a `GET` that streams a large value past the cache.
    public func readLargeValue(_ key: ByteBuffer, receiver: any LargeValueReceiver) -> LargeValueReader {
        fatalError("stub")
    }

    /// Whether somebody with these credentials (nil: none) may be given what the cache holds, by the rule of `CLIENT_AUTH`.
    public func mayRead(_ credentials: BackingCredentials?) -> EventLoopFuture<ReadPermission> { fatalError("stub") }
}

/// The answer of ``ProxyLoop/mayRead(_:)``.
public enum ReadPermission: Sendable {
    case granted
    /// Credentials are needed, or these are wrong; the server's error text without its `-`.
    case unauthenticated([UInt8])
    /// Logged in, but as another user than the one whose values the cache holds.
    case forbidden
    /// The server could not be asked.
    case failure(BackingError)
}
