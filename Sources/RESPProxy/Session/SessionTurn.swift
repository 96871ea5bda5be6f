import BackingClient
import Time

/// What holds for as long as a session is at work, or until what has come from the server together is dealt with.
struct SessionTurn {
    /// The session does what it can; whatever happens meanwhile is seen to by that.
    var isUnderWay = false
    /// It will have another at the end of the event loop's turn.
    var isScheduled = false
    /// When it began.
    var started = Instant.distantPast
    /// Reads that the cache has answered in it.
    var hits: UInt64 = 0
    /// Replies on a shared connection have come, and that has not been read to the end yet.
    var hasSharedReplies = false
    private var readTime: Instant?

    mutating func begin(at now: Instant) {
        isUnderWay = true
        started = now
        hits = 0
    }

    /// When the replies in hand came: one look at the clock for all that came together.
    mutating func replyTime() -> Instant {
        if let readTime { return readTime }
        let now = MonotonicClock.now()
        readTime = now
        return now
    }

    /// The replies in hand came at that time.
    mutating func repliesCame(at time: Instant) { readTime = time }

    /// What came together is dealt with.
    mutating func repliesEnded() {
        readTime = nil
        hasSharedReplies = false
    }
}
