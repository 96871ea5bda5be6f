import NIOCore
import Time

/// How long a client that is held up waits for replies: the command in hand, or the proxy's last word to it, goes out only behind them.
///
/// Servers have bugs by which a reply never comes (to a wrong `AUTH` behind a `PING`, Redis 7.2 to 8.2), and some replies cannot be foreseen (to
/// `UNSUBSCRIBE` behind a subscription that `EXEC` hides). Straight, such a client hears the replies to what it sends next. So nothing waits for
/// replies for longer than ``limit`` in which none came: from then on they are passed on without being matched.
///
/// Behind a command that blocks they are waited for. Then more is read meanwhile, as Redis does: the client's end comes behind it.
struct ReplyPatience {
    /// How far the server has come with what was relayed for the session.
    struct Progress: Equatable {
        var outstanding: Int
        var received: UInt64
    }

    /// How long nothing may come.
    static let limit = TimeSpan.seconds(1)
    /// So much of what a client sends behind a command that waits is read, in bytes.
    static let readAheadLimit = 1 << 20

    /// The command in hand waits for something.
    private(set) var isCommandWaiting = false
    /// It has waited for so long that the client may be gone behind it.
    private var isReadingAhead = false
    /// Set while somebody looks at the progress once ``limit`` has passed.
    private var watched: Progress?

    /// All that can be done now has been done.
    mutating func turnEnded(isCommandWaiting: Bool) {
        self.isCommandWaiting = isCommandWaiting
        isReadingAhead = isReadingAhead && isCommandWaiting
    }

    /// Whether more of what the client sends is read, where so many bytes wait already.
    func mayRead(waitingBytes: Int) -> Bool {
        !isCommandWaiting || isReadingAhead && waitingBytes < Self.readAheadLimit
    }

    /// The client is held up.
    ///
    /// - Returns: Whether ``look(_:isHeldUp:)`` is to be called after ``limit``.
    mutating func watch(_ progress: Progress) -> Bool {
        guard watched == nil else { return false }
        watched = progress
        return true
    }

    /// The time of ``limit`` has passed.
    ///
    /// - Returns: Whether nothing has come in it: then what need not be waited for is not.
    mutating func look(_ progress: Progress, isHeldUp: Bool) -> Bool {
        let isSilent = watched == progress
        watched = nil
        guard isHeldUp, isSilent else { return false }
        isReadingAhead = isCommandWaiting
        return true
    }
}
