import BackingClient
import NIOCore
import Time

/// Replies of the session's own connection that are held back.
///
/// A command that may have written keys which it does not tell (`EVAL`, `EXEC` with such, a module's) raises no fence where the server
/// announces what changed. Its reply is held until a barrier that was sent after it had come: by then everybody who reads from the
/// cache sees what it wrote, so nobody can know of the write and read behind it.
struct HeldReplies {
    /// How the connection has ended.
    struct End: Equatable {
        /// Set where it was the server's fault.
        var error: BackingError?
        var isInsideReply: Bool
    }

    /// What becomes of the replies once a barrier is answered.
    enum Release {
        /// None are held any more.
        case nothing
        /// Something has come since that barrier was sent: another must be sent after this.
        case awaitAnother(since: Instant)
        /// They go to the client, and then the end of the connection is dealt with.
        case release([ByteBuffer], End?)
    }

    private struct Hold {
        /// A barrier must be sent after this.
        var since: Instant
        var bytes: [ByteBuffer] = []
        var end: End?
    }

    private var hold: Hold?

    var isHolding: Bool { hold != nil }

    /// A reply has come, or begun, that must be held; so must all that come from now on.
    ///
    /// - Returns: Whether a barrier is to be asked for: none is awaited yet.
    mutating func begin(at now: Instant) -> Bool {
        guard hold == nil else {
            hold?.since = now
            return false
        }
        hold = Hold(since: now)
        return true
    }

    /// Holds what comes from the server.
    ///
    /// - Returns: False where nothing is held: it goes on to the client.
    mutating func add(_ bytes: ByteBuffer) -> Bool {
        hold?.bytes.append(bytes)
        return isHolding
    }

    /// The connection has ended.
    ///
    /// - Returns: False where nothing is held: that is dealt with at once.
    mutating func connectionEnded(_ end: End) -> Bool {
        hold?.end = end
        return isHolding
    }

    /// A barrier that was sent after `since` is answered.
    mutating func barrierAnswered(since: Instant) -> Release {
        guard let hold else { return .nothing }
        guard hold.since <= since else { return .awaitAnother(since: hold.since) }
        self.hold = nil
        return .release(hold.bytes, hold.end)
    }

    /// The client is gone: nobody is left to be told.
    ///
    /// - Returns: The end of the connection, where that was still to be dealt with.
    mutating func drop() -> End? {
        let end = hold?.end
        hold = nil
        return end
    }
}
