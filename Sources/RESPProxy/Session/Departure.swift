/// How long a session goes on for a client that has ended its side, or is gone: looked at once a second, until everything is closed.
///
/// An end that was read does not tell a client that has closed from one that still reads; only a reset does. Redis takes either for a close. So
/// replies are waited for as long as they come. Once none has come for a second, the end is passed on, behind everything that was sent: the server
/// does what it received, and closes as it would for a client of its own. Where it does not, both connections are cut.
struct Departure: Sendable {
    /// Whatever moves while the client's end is dealt with. Two that are equal: nothing has happened in between.
    struct Progress: Equatable, Sendable {
        /// Relayed commands without a reply.
        var outstanding = 0
        /// Bytes of the client's that the server's socket has not taken.
        var unsent = 0
        /// Bytes that the server has sent.
        var received: UInt64 = 0
        /// Bytes that the client's socket has not taken; 0 where it has not ended its side.
        var untaken = 0
        /// Bytes that the client's kernel has taken, while others wait.
        var taken: UInt64 = 0
    }

    /// What of a session decides what is done.
    struct Standing: Equatable, Sendable {
        var progress = Progress()
        /// The client does not even read any more.
        var isGone = false
        /// Commands of the client's that it sent whole have not been passed on yet.
        var hasUnsent = false
        /// The session has a connection of its own, whose end can be passed on.
        var hasOwnConnection = false
        /// The end has been passed on.
        var isEndPassedOn = false
        /// What the server sends may be no reply: it goes on for as long as anybody publishes.
        var isListening = false
    }

    enum Verdict: Equatable, Sendable {
        /// Look again.
        case wait
        /// Close our side towards the server, behind everything that was sent.
        case passEndOn
        /// Close both connections, whatever has not been sent.
        case cut
    }

    /// Between two looks, in seconds.
    static let interval: Int64 = 1
    /// Looks after which somebody is given up who neither reads nor writes.
    static let shortPatience = 2

    /// Looks after which a silent server is given up by a client that may still read, or had sent what the server has not taken.
    private let patience: Int
    private var last: Progress
    /// Looks in a row that saw no progress.
    private var idleLooks = 0

    /// The client's end has just been read.
    ///
    /// - Parameter timeout: `REDIS_COMMAND_TIMEOUT`, in whole seconds.
    init(_ standing: Standing, timeout: Int64) {
        patience = max(Self.shortPatience, Int(clamping: timeout / Self.interval))
        last = Self.progress(standing)
    }

    /// The time of ``interval`` has passed.
    mutating func look(_ standing: Standing) -> Verdict {
        let progress = Self.progress(standing)
        guard progress == last else {
            last = progress
            idleLooks = 0
            return .wait
        }
        idleLooks += 1
        if !standing.isGone, progress.untaken > 0 { return idleLooks >= Self.shortPatience ? .cut : .wait }
        if standing.hasUnsent { return idleLooks >= patience ? .cut : .wait }
        guard standing.isEndPassedOn else {
            guard standing.hasOwnConnection else { return idleLooks >= patience ? .cut : .wait }
            idleLooks = 0
            return .passEndOn
        }
        return idleLooks >= (standing.isGone ? Self.shortPatience : patience) ? .cut : .wait
    }

    private static func progress(_ standing: Standing) -> Progress {
        var progress = standing.progress
        guard standing.isListening else { return progress }
        progress.received = 0
        progress.untaken = min(progress.untaken, 1)
        progress.taken = 0
        return progress
    }
}
