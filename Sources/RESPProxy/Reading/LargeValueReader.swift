import BackingClient
import NIOCore

/// Receives a value that is streamed past the cache, on the reader's event loop.
public protocol LargeValueReceiver: AnyObject {
    /// The value's length; called first, once, unless ``largeValueEnded(_:)`` comes at once.
    func largeValueBegins(length: Int)
    func largeValueChunk(_ bytes: ByteBuffer)
    /// The end: nil = whole; otherwise why it stopped (`.failure`), or `.absent` where the key has gone meanwhile.
    func largeValueEnded(_ outcome: FillOutcome?)
}

/// One `GET` on a connection of its own, logged in as the fill lane's user, streamed with back-pressure.
///
/// Chunks come only on demand: each ``resume()`` allows one more read from the socket.
public final class LargeValueReader {
    init() {}
    /// Allows the next chunk.
    public func resume() {}
    /// Closes the connection; the receiver hears nothing more.
    public func cancel() {}
}
