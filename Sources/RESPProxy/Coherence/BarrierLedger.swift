import LocalCache
import Time

/// Which barriers stand, and who waits for one.
///
/// A *barrier* at some time stands once everybody has answered a question that was sent later through whom something in the cache was
/// learned: the feed, so that all that the server had announced by then has been applied; and each lane that is up, so that the server
/// had not closed it by then, and nothing is under way on it any more that was asked before. Of a lane that it has closed, or does not
/// track yet, the server announces nothing, and the lane's own end may be on its way for long.
///
/// What is under way may have been answered before what somebody wants to be sure of, so each round of questions is for those who have come
/// since the last one, whether or not that has been answered. `Waiter` is whoever waits.
struct BarrierLedger<Waiter> {
    /// What is to be asked: something that is sent after `since`.
    struct Question: Equatable {
        var since: Instant
        var asksFeed: Bool
        var lanes: [LaneID]
    }

    /// Who has answered what. Of what was learned through one who is lost nothing is left in the cache, or will be before ``release()``.
    var trust: TrustLedger
    private var waiters: [(waiter: Waiter, since: Instant)] = []
    /// All are to answer something that is sent after this.
    private var asked = Instant.distantPast

    /// - Parameter span: For how long after an unanswered question the cache goes on answering.
    init(span: TimeSpan) {
        trust = TrustLedger(span: span)
    }

    /// The time up to which barriers stand; the distant past where the feed does not.
    var newest: Instant { trust.heard ?? .distantPast }

    // MARK: Who waits

    /// Who need not wait any more, now that somebody has answered, or is gone.
    mutating func release() -> [Waiter] {
        guard let newest = trust.heard else {
            asked = .distantPast
            return takeAll()
        }
        return waiters.isEmpty ? [] : take { $0 < newest }
    }

    /// Somebody waits for a barrier at `since`, unless it stands already, or nothing is heard, in which case nothing is cached either.
    ///
    /// - Returns: Whether he waits; then ``ask()`` is to be called once all have come who come at the same moment.
    mutating func wait(since: Instant, _ waiter: Waiter) -> Bool {
        guard let newest = trust.heard, newest <= since else { return false }
        waiters.append((waiter, since))
        return true
    }

    /// What is to be asked for those who wait; nil: nothing that is not under way.
    mutating func ask() -> Question? {
        guard let since = waiters.map(\.since).max(), since > asked, let feed = trust.feed else { return nil }
        asked = since
        return Question(
            since: since, asksFeed: feed <= since, lanes: trust.lanes.filter { $0.value <= since }.keys.sorted())
    }

    // MARK: Who waits in vain

    /// When ``timePassed(now:)`` lets somebody go; nil: nobody waits.
    var nextDeadline: Instant? { waiters.map { $0.since + trust.span }.min() }

    /// Lets those go who have waited for so long that nobody is answered from the cache: not before all have answered something sent
    /// later than what they wait for.
    mutating func timePassed(now: Instant) -> [Waiter] {
        take { [span = trust.span] in $0 + span <= now }
    }

    /// Lets everybody go.
    mutating func takeAll() -> [Waiter] { take { _ in true } }

    private mutating func take(_ isMeant: (Instant) -> Bool) -> [Waiter] {
        var taken: [Waiter] = []
        var left: [(waiter: Waiter, since: Instant)] = []
        for entry in waiters {
            if isMeant(entry.since) { taken.append(entry.waiter) } else { left.append(entry) }
        }
        waiters = left
        return taken
    }
}

extension BarrierLedger.Question: Sendable {}
