import LocalCache

/// Which barriers stand, and who waits for one.
///
/// A *barrier* at some time stands once everybody has answered a question that was sent later through whom something in the cache was
/// learned: the feed, so that all that the server had announced by then has been applied; and each lane that is up, so that the server
/// had not closed it by then, and nothing is under way on it any more that was asked before. Of a lane that it has closed, or does not
/// track yet, the server announces nothing, and the lane's own end may be on its way for long.
///
/// One round of questions is under way at a time; who comes meanwhile gets the next one, because what is under way may have been
/// answered before what they want to be sure of. `Waiter` is whoever waits.
struct BarrierLedger<Waiter> {
    /// What is to be asked: something that is sent after `since`.
    struct Question: Equatable {
        var since: UInt64
        var asksFeed: Bool
        var lanes: [LaneID]
    }

    /// What is to be done about an event.
    struct Outcome {
        /// They need not wait any more.
        var released: [Waiter] = []
        var question: Question?
    }

    /// Who has answered what. Of what was learned through one who is lost nothing is left in the cache, or will be before ``settle()``.
    var trust: TrustLedger
    private var waiters: [(waiter: Waiter, since: UInt64)] = []
    /// All are to answer something that is sent after this.
    private var asked: UInt64?

    /// - Parameter span: For how long after an unanswered question the cache goes on answering, in nanoseconds.
    init(span: UInt64) {
        trust = TrustLedger(span: span)
    }

    /// The time up to which barriers stand; 0 where the feed does not.
    var newest: UInt64 { trust.heard ?? 0 }

    // MARK: Who waits

    /// What is to be done now that somebody has answered, or is gone.
    mutating func settle() -> Outcome {
        guard let newest = trust.heard else {
            asked = nil
            return Outcome(released: takeAll())
        }
        if let asked, newest > asked { self.asked = nil }
        guard !waiters.isEmpty else { return Outcome() }
        return Outcome(released: take { $0 < newest }, question: ask())
    }

    /// Somebody waits for a barrier at `since`.
    ///
    /// - Returns: Whether it stands already, or nothing is heard, in which case nothing is cached either; and what is to be asked.
    mutating func wait(since: UInt64, _ waiter: Waiter) -> (stands: Bool, question: Question?) {
        guard let newest = trust.heard, newest <= since else { return (true, nil) }
        waiters.append((waiter, since))
        return (false, ask())
    }

    private mutating func ask() -> Question? {
        guard asked == nil, let since = waiters.map(\.since).max(), let feed = trust.feed else { return nil }
        asked = since
        return Question(
            since: since, asksFeed: feed <= since, lanes: trust.lanes.filter { $0.value <= since }.keys.sorted())
    }

    // MARK: Who waits in vain

    /// When ``timePassed(now:)`` lets somebody go; nil: nobody waits.
    var nextDeadline: UInt64? { waiters.map { deadline($0.since) }.min() }

    /// Lets those go who have waited for so long that nobody is answered from the cache: not before all have answered something sent
    /// later than what they wait for.
    mutating func timePassed(now: UInt64) -> [Waiter] {
        now < trust.span ? [] : take { [span = trust.span] in $0 <= now - span }
    }

    /// Lets everybody go.
    mutating func takeAll() -> [Waiter] { take { _ in true } }

    private func deadline(_ since: UInt64) -> UInt64 {
        let (sum, overflow) = since.addingReportingOverflow(trust.span)
        return overflow ? .max : sum
    }

    private mutating func take(_ isMeant: (UInt64) -> Bool) -> [Waiter] {
        var taken: [Waiter] = []
        var left: [(waiter: Waiter, since: UInt64)] = []
        for entry in waiters {
            if isMeant(entry.since) { taken.append(entry.waiter) } else { left.append(entry) }
        }
        waiters = left
        return taken
    }
}

extension BarrierLedger.Outcome: Sendable where Waiter: Sendable {}
extension BarrierLedger.Question: Sendable {}
