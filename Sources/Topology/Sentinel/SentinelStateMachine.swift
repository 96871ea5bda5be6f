import BackingClient
import Time

/// Which server is the primary: by what Sentinels say, and what the server says of itself.
///
///     looking ──▶ checking ⇄ following
///
/// Sentinels decide which server is meant. All that are known are asked, and of their answers the one with the highest epoch counts: whoever is
/// cut off from the others, or has not heard yet, names an older one. The server itself must agree before it is followed, and in each heartbeat:
/// an address may be announced before its server is promoted, and a primary may be made a replica by hand. What a server says decides nothing
/// beyond that: one that was replaced goes on calling itself primary for seconds.
public struct SentinelStateMachine {
    /// What is to be done about an event.
    public enum Action: Hashable, Sendable {
        /// Listen to a Sentinel; `subscriptionIsUp(to:now:)` once nothing is missed.
        case subscribe(BackingAddress)
        case unsubscribe(BackingAddress)
        /// Ask a Sentinel.
        case ask(BackingAddress)
        /// Ask a server for its role, after that long.
        case askRole(BackingAddress, attempt: UInt64, delay: TimeSpan)
        /// There is no primary from now on, or another reason why there is none.
        case leave(Absence)
        /// That is the primary.
        case follow(Primary)
    }

    /// How long the first answers are waited for where not all have answered.
    static let patience = TimeSpan.seconds(1)
    /// After how long a server is asked again that was named and does not say that it is the primary.
    static let roleInterval = TimeSpan.milliseconds(100)
    /// For how long most Sentinels must have been saying something older than what was known, until it is believed: somebody has had them begin
    /// anew. One that lags, or is cut off, hears the newer configuration from the others within some seconds.
    static let resetAfter = TimeSpan.seconds(10)

    private enum Stage: Equatable {
        case looking
        case checking
        case following
    }

    private let heartbeat: TimeSpan
    private var sentinels: [BackingAddress: KnownSentinel] = [:]
    /// In the order in which they became known.
    private var order: [BackingAddress] = []
    private var stage = Stage.looking
    /// nil while looking.
    public private(set) var primary: Primary?
    private var absence = Absence.unknown
    private var began = Instant.distantPast
    private var nextHeartbeat = Instant.distantPast
    /// Since when Sentinels contradict what is known, without having newer news.
    private var contradictedSince: Instant?
    private var attempt: UInt64 = 0
    private var role = KnownSentinel.Question.none

    /// - Parameters:
    ///   - sentinels: as they are configured.
    ///   - heartbeat: how often all are asked.
    public init(sentinels: [BackingAddress], heartbeat: TimeSpan) {
        self.heartbeat = heartbeat
        for address in sentinels { add(address, isConfigured: true) }
    }

    /// Whether there is a primary that says so.
    var isFollowing: Bool { stage == .following }
    /// Sentinels that are known, and those of them that are heard.
    public var count: (known: Int, up: Int) { (sentinels.count, sentinels.values.count { $0.isUp }) }

    /// The number of the question that was last asked of a server.
    var attemptUnderWay: UInt64 { attempt }

    private mutating func add(_ address: BackingAddress, isConfigured: Bool) {
        guard sentinels[address] == nil else { return }
        sentinels[address] = KnownSentinel(isConfigured: isConfigured)
        order.append(address)
    }

    // MARK: Events

    /// Begins.
    public mutating func start(now: Instant) -> [Action] {
        began = now
        nextHeartbeat = now + heartbeat
        return order.map { .subscribe($0) }
    }

    /// Nothing that it announces is missed from here on.
    public mutating func subscriptionIsUp(to sentinel: BackingAddress) -> [Action] {
        guard sentinels[sentinel] != nil else { return [] }
        sentinels[sentinel]?.isUp = true
        return ask(sentinel)
    }

    /// It is not heard any more, or could not be connected to.
    public mutating func subscriptionIsDown(
        to sentinel: BackingAddress, error: BackingError, now: Instant
    ) -> [Action] {
        guard sentinels[sentinel] != nil else { return [] }
        sentinels[sentinel]?.isUp = false
        sentinels[sentinel]?.word = .failure(error)
        return forgetUnlisted() + decide(now: now)
    }

    /// It announces that something has happened.
    public mutating func announced(_ event: SentinelEvent, by sentinel: BackingAddress, now: Instant) -> [Action] {
        // What it says in it is not needed: that is asked for, of all, and so is what may have changed since.
        askAll() + askRole()
    }

    /// It has answered.
    public mutating func answered(
        _ answer: Result<SentinelAnswer, BackingError>, by sentinel: BackingAddress, now: Instant
    ) -> [Action] {
        guard let known = sentinels[sentinel] else { return [] }
        sentinels[sentinel]?.question = .none
        var actions: [Action] = []
        if known.question == .askedAgain { actions += ask(sentinel) }
        switch answer {
        case .success(.primary(let address, let epoch, let others)):
            sentinels[sentinel]?.word = .primary(Primary(address: address, epoch: epoch))
            sentinels[sentinel]?.others = Set(others)
            actions += learn(others)
        case .success(.unknownName): sentinels[sentinel]?.word = .unknownName
        case .success(.notSentinel): sentinels[sentinel]?.word = .notSentinel
        case .failure(let error): sentinels[sentinel]?.word = .failure(error)
        }
        return actions + forgetUnlisted() + decide(now: now)
    }

    /// A server has said what it is.
    public mutating func hasRole(_ role: ServerRole, attempt: UInt64) -> [Action] {
        guard let primary, let wasDoubted = takeRoleAnswer(attempt) else { return [] }
        switch (stage, role) {
        case (.looking, _): return []
        case (.checking, .primary):
            stage = .following
            return [.follow(primary)] + (wasDoubted ? askRole() : [])
        case (.checking, _): return checkAgain(.hasRole(primary.address, role))
        case (.following, .primary): return wasDoubted ? askRole() : []
        case (.following, _):
            stage = .checking
            return checkAgain(.hasRole(primary.address, role)) + askAll()
        }
    }

    /// A server could not be asked what it is.
    public mutating func roleIsUnknown(_ error: BackingError, attempt: UInt64) -> [Action] {
        guard let primary, takeRoleAnswer(attempt) != nil else { return [] }
        // One that is followed may be busy. Where it is gone its connections tell; nobody else is the primary meanwhile.
        guard stage == .checking else { return [] }
        return checkAgain(.unanswered(primary.address, error))
    }

    /// The server has behaved as if it were not the primary, or another connection to it stands.
    public mutating func doubted() -> [Action] { askAll() + askRole() }

    /// To be called several times a second.
    public mutating func timePassed(now: Instant) -> [Action] {
        guard now >= nextHeartbeat else { return stage == .looking ? decide(now: now) : [] }
        nextHeartbeat = now + heartbeat
        // An answer that is under way will do.
        let idle = order.filter { sentinels[$0]?.question == KnownSentinel.Question.none }
        let asked = idle.flatMap { ask($0) }
        return asked + (stage == .following && role == .none ? askRole() : []) + decide(now: now)
    }

    // MARK: Asking

    private mutating func ask(_ address: BackingAddress) -> [Action] {
        guard let sentinel = sentinels[address], sentinel.isUp else { return [] }
        guard sentinel.question == .none else {
            sentinels[address]?.question = .askedAgain
            return []
        }
        sentinels[address]?.question = .asked
        return [.ask(address)]
    }

    private mutating func askAll() -> [Action] { order.flatMap { ask($0) } }

    /// Asks the server that is followed, anew where an answer is under way already.
    private mutating func askRole() -> [Action] {
        guard stage == .following, let primary else { return [] }
        guard role == .none else {
            role = .askedAgain
            return []
        }
        return [roleQuestion(to: primary, delay: .zero)]
    }

    private mutating func roleQuestion(to primary: Primary, delay: TimeSpan) -> Action {
        attempt += 1
        role = .asked
        return .askRole(primary.address, attempt: attempt, delay: delay)
    }

    /// - Returns: Whether it has been asked again since; nil: it is no answer to what was asked last.
    private mutating func takeRoleAnswer(_ attempt: UInt64) -> Bool? {
        guard attempt == self.attempt, role != .none else { return nil }
        defer { role = .none }
        return role == .askedAgain
    }

    private mutating func checkAgain(_ absence: Absence) -> [Action] {
        guard let primary else { return [] }
        return isAbsent(absence) + [roleQuestion(to: primary, delay: Self.roleInterval)]
    }

    // MARK: Sentinels

    private mutating func learn(_ others: [BackingAddress]) -> [Action] {
        var actions: [Action] = []
        for address in others where sentinels[address] == nil && sentinels.count < SentinelAnswer.mostSentinels {
            add(address, isConfigured: false)
            actions.append(.subscribe(address))
        }
        return actions
    }

    /// Those that are not heard, and that nobody else knows any more.
    private mutating func forgetUnlisted() -> [Action] {
        let listed = sentinels.values.reduce(into: Set<BackingAddress>()) { set, sentinel in
            if sentinel.isUp { set.formUnion(sentinel.others) }
        }
        let gone = order.filter { address in
            guard let sentinel = sentinels[address] else { return true }
            // While nobody is heard nothing is known of who is still there.
            return !sentinel.isConfigured && !sentinel.isUp && !listed.isEmpty && !listed.contains(address)
        }
        for address in gone { sentinels[address] = nil }
        order.removeAll { gone.contains($0) }
        return gone.map { .unsubscribe($0) }
    }

    // MARK: Deciding

    private mutating func decide(now: Instant) -> [Action] {
        guard let named = newest else { return stage == .looking ? describeAbsence(now: now) : [] }
        guard let primary else { return hasHeardEnough(now: now) ? turn(to: named) : [] }
        if named.epoch > primary.epoch { return turn(to: named) }
        guard named != primary else {
            contradictedSince = nil
            return []
        }
        let since = contradictedSince ?? now
        contradictedSince = since
        let witnesses = sentinels.values.count { $0.primary == named }
        guard now - since >= Self.resetAfter, witnesses * 2 > sentinels.count else { return [] }
        return turn(to: named)
    }

    /// Whom those name that have the newest news; of several, the one that is known already, or that most name.
    private var newest: Primary? {
        let named = order.compactMap { sentinels[$0]?.primary }
        guard let epoch = named.map(\.epoch).max() else { return nil }
        let newest = named.filter { $0.epoch == epoch }
        if let primary, newest.contains(primary) { return primary }
        let counts = newest.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        let most = counts.values.max() ?? 0
        return newest.first { counts[$0] == most }
    }

    /// Whether the newest of what has been answered may be believed though nothing was known before: whoever answers first may be the one that
    /// is cut off.
    private func hasHeardEnough(now: Instant) -> Bool {
        let answered = sentinels.values.count { $0.primary != nil }
        return answered * 2 > sentinels.count || sentinels.values.allSatisfy { $0.word != nil }
            || now - began >= Self.patience
    }

    private mutating func turn(to named: Primary) -> [Action] {
        contradictedSince = nil
        let before = primary?.address
        primary = named
        guard before != named.address else { return [] }
        stage = .checking
        return isAbsent(.unproven(named.address)) + [roleQuestion(to: named, delay: .zero)]
    }

    // MARK: There is none

    private mutating func isAbsent(_ absence: Absence) -> [Action] {
        guard absence != self.absence || stage == .checking else { return [] }
        self.absence = absence
        return [.leave(absence)]
    }

    private mutating func describeAbsence(now: Instant) -> [Action] {
        let words = order.map { ($0, sentinels[$0]?.word) }
        guard words.allSatisfy({ $0.1 != nil }) || now - began >= Self.patience else { return [] }
        if words.contains(where: { $0.1 == .unknownName }) { return isAbsent(.unknownName) }
        if let stranger = words.first(where: { $0.1 == .notSentinel }) { return isAbsent(.notSentinel(stranger.0)) }
        for case (_, .failure(let error)?) in words { return isAbsent(.noSentinel(error)) }
        return []
    }
}
