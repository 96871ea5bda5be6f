import LocalCache
import Time

/// For how long what was learned may be believed: as long as everybody who would tell of changes still answers.
///
/// Each share is the time at which a question was sent that has been answered since, or a lane came up. All that was announced before that
/// time has been heard, so the share counts for the heartbeat and its time-out from then on.
struct TrustLedger {
    /// From the sending of an answered question.
    let span: TimeSpan
    /// When the newest question was sent that the feed has answered; nil: it does not stand.
    private(set) var feed: Instant?
    /// The same of each lane that is up.
    private(set) var lanes: [LaneID: Instant] = [:]
    /// Lanes of which the server has said that it announces what they read.
    private var tracked: Set<LaneID> = []
    /// nil: the watch has not succeeded yet.
    private var watch: Instant?

    init(span: TimeSpan) {
        self.span = span
    }

    /// Until when hits are allowed; in the distant past while nothing is heard.
    ///
    /// A lane that is down does not count: nothing that it brought is left. One that is up counts before it is tracked, too: what it
    /// brings is not kept, but joined by others.
    var trustedUntil: Instant {
        guard let heard, let watch else { return .distantPast }
        return min(heard, watch) + span
    }

    /// Up to when the feed and each lane that is up have been heard; nil where the feed does not stand.
    var heard: Instant? { feed.map { lanes.values.reduce($0, min) } }

    mutating func feedAnswered(sent: Instant) { feed = max(feed ?? .distantPast, sent) }

    mutating func feedLost() {
        feed = nil
        tracked = []
    }

    /// - Parameter now: What the lane brings is read by the server later than this, so for all before it need not be asked.
    mutating func laneIsUp(_ lane: LaneID, now: Instant) { lanes[lane] = now }

    mutating func laneIsTracked(_ lane: LaneID) { tracked.insert(lane) }

    mutating func laneAnswered(_ lane: LaneID, sent: Instant) {
        guard let known = lanes[lane] else { return }
        lanes[lane] = max(known, sent)
    }

    /// - Returns: whether the server has now forgotten to announce changes of what the lane brought.
    mutating func laneLost(_ lane: LaneID) -> Bool {
        lanes[lane] = nil
        return tracked.remove(lane) != nil
    }

    mutating func watchAnswered(sent: Instant) { watch = max(watch ?? .distantPast, sent) }
}
