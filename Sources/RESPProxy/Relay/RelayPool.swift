import BackingClient
import DequeModule
import NIOCore
import Time

/// One who keeps its connection until it is known that a new one would be let in as well.
protocol AdmissionWaiter: AnyObject {
    /// The server lets somebody in who gives no password.
    func newConnectionWouldDo()
}

/// The connections to the backing that the sessions of one event loop have in common: those that several share at a time, and spare ones,
/// which are new or were left by a session in the state of a new one.
///
/// A pool is for sessions that began under the same conditions: when the server begins to ask for a password, new sessions get a new
/// pool, and those that were let in before keep theirs, as connections do in Redis.
///
/// Longer than 300 lines: a spare connection may become a shared one, and who waits for the one is served by the other.
final class RelayPool {
    /// What the pool says of a shared connection.
    enum Shared {
        case ready(SharedConnection)
        /// One is being opened; the session is told.
        case opening
        /// There is none that takes more: the session needs one of its own.
        case none
    }

    /// Shared connections of one key; more than one only while the others are stuck.
    static let sharedLimit = 4
    /// Connections left by sessions that are kept for the next, and for how long.
    static let spareLimit = 32
    /// So many are kept ready: a command that blocks, or a transaction, then goes out without the delay of a connect.
    static let readySpares = 2
    /// And up to so many where there have been as many clients: once the server asks for a password, those who were let in before can have no
    /// others.
    static let readyLimit = 4
    /// How long somebody waits for one to be left, once none can be opened.
    static let patience = TimeSpan.seconds(1)
    static let spareLifetime = TimeSpan.seconds(2)

    /// Whether the server lets a client in that gives no password; nil while it has not been asked.
    var admitsAnonymous: Bool?
    /// When that was last asked, and the answer was yes.
    private(set) var admittedAt = Instant.distantPast
    /// Clients that are connected: straight to the server, each would have a connection.
    var clients = 0 {
        didSet { mostClients = max(mostClients, clients) }
    }
    /// As many as there ever were at once.
    private var mostClients = 0
    /// For what the server ends connections.
    var limits = ServerLimits.none {
        didSet {
            let quota = SharedQuota(limits)
            for connections in shared.values { for connection in connections { connection.quota = quota } }
        }
    }

    private let eventLoop: any EventLoop
    private let open: (RelayKey) -> EventLoopFuture<OpenedRelay>
    private let mustWait: () -> Bool
    private let pushDropped: () -> Void
    private let refusedWrite: () -> Void
    private var shared: [RelayKey: [SharedConnection]] = [:]
    private var opening: [RelayKey: [(BackingError?) -> Void]] = [:]
    private var spares: [RelayKey: Deque<(connection: RelayConnection, since: Instant)>] = [:]
    /// Spares that are being opened.
    private var preparing: [RelayKey: Int] = [:]
    /// Who waits for one to be left.
    private var waiting: [RelayKey: Deque<Waiter>] = [:]
    private var admissionWaiters: [any AdmissionWaiter] = []
    /// The next spare to stand becomes a shared connection.
    private var awaitsSpare: Set<RelayKey> = []
    private var isClosed = false
    /// No more can be opened: see ``retire()``.
    private(set) var isRetired = false
    private var sweep: Scheduled<Void>?

    /// - Parameters:
    ///   - open: Opens a connection of that kind, and makes sure that it is one.
    ///   - mustWait: Whether a connection for one session would not be opened at once.
    ///   - pushDropped: Told of each push on a shared connection.
    ///   - refusedWrite: Told of each reply on a shared connection that says that the server is a replica.
    init(
        on eventLoop: any EventLoop, open: @escaping (RelayKey) -> EventLoopFuture<OpenedRelay>,
        mustWait: @escaping () -> Bool = { false }, pushDropped: @escaping () -> Void = {},
        refusedWrite: @escaping () -> Void = {}
    ) {
        self.eventLoop = eventLoop
        self.open = open
        self.mustWait = mustWait
        self.pushDropped = pushDropped
        self.refusedWrite = refusedWrite
    }

    deinit { close() }

    /// A shared connection that takes more now.
    ///
    /// - Parameter opened: Called where the answer is ``Shared/opening``, with the error where it could not be opened.
    func sharedConnection(
        _ key: RelayKey, hasShortReply: Bool, now: Instant, opened: @escaping (BackingError?) -> Void
    ) -> Shared {
        let standing = shared[key] ?? []
        if let connection = standing.first(where: { $0.takesMore(now: now, hasShortReply: hasShortReply) }) {
            return .ready(connection)
        }
        guard opening[key] == nil else {
            opening[key]?.append(opened)
            return .opening
        }
        guard standing.count < Self.sharedLimit else {
            // Behind a command that takes long is sooner than behind many who want a connection of their own.
            guard mustWait(), let slow = standing.first(where: { $0.goesOn(hasShortReply: hasShortReply) }) else {
                return .none
            }
            return .ready(slow)
        }
        // One that stands for nobody does as well, and so does one that is being opened.
        if standing.isEmpty, let spare = standingSpare(key, forNewcomer: false), let channel = spare.surrender(),
            let connection = try? share(channel, key, opened: spare.opened)
        {
            prepareSpares(key)
            return .ready(connection)
        }
        // Behind a command that takes long is better than not at all.
        if isRetired { return standing.first(where: \.isWritable).map(Shared.ready) ?? .none }
        opening[key] = [opened]
        if standing.isEmpty, preparing[key, default: 0] > 0 {
            awaitsSpare.insert(key)
            return .opening
        }
        open(key).assumeIsolated().whenComplete { [weak self] result in self?.opened(key, result) }
        return .opening
    }

    private func opened(_ key: RelayKey, _ result: Result<OpenedRelay, any Error>) {
        let waiting = opening.removeValue(forKey: key) ?? []
        var failure: BackingError?
        do {
            _ = try share(result.get().channel, key)
        } catch {
            failure = error as? BackingError ?? .lost
        }
        for tell in waiting { tell(failure) }
    }

    private func share(
        _ channel: any Channel, _ key: RelayKey, opened: Instant = MonotonicClock.now()
    ) throws -> SharedConnection {
        let connection = SharedConnection(
            eventLoop: eventLoop, opened: opened, quota: SharedQuota(limits),
            ended: { [weak self] connection in self?.shared[key]?.removeAll { $0 === connection } },
            pushDropped: pushDropped, refusedWrite: refusedWrite)
        try channel.pipeline.syncOperations.addHandler(connection)
        // It has heard of its end by now, and would be listed for good.
        guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
        shared[key, default: []].append(connection)
        scheduleSweep()
        return connection
    }

    // MARK: Connections of a session's own

    /// A connection that stands, and is nobody's. Most come back within a moment, so another is opened only where there was none, and
    /// with the next client.
    func takeSpare(_ key: RelayKey, forNewcomer isNew: Bool) -> RelayConnection? {
        if let spare = standingSpare(key, forNewcomer: isNew) { return spare }
        prepareSpares(key)
        return nil
    }

    /// The same, but none is opened for want of one.
    ///
    /// The server may have begun to ask for a password without our having heard of it yet. What was opened since is of no use to those who
    /// were let in before: they get the oldest, and newcomers the youngest.
    func standingSpare(_ key: RelayKey, forNewcomer isNew: Bool) -> RelayConnection? {
        dropClosedSpares(key)
        guard let standing = spares[key] else { return nil }
        func isOlder(_ one: Int, _ other: Int) -> Bool {
            standing[one].connection.opened < standing[other].connection.opened
        }
        let place = isNew ? standing.indices.max(by: isOlder) : standing.indices.min(by: isOlder)
        return place.flatMap { spares[key]?.remove(at: $0).connection }
    }

    private func dropClosedSpares(_ key: RelayKey) { spares[key]?.removeAll { !$0.connection.isOpen } }

    /// The server asks for a password by now: what would be opened from here on is not logged in. Whoever comes has another pool.
    func retire() { isRetired = true }

    /// The server lets somebody in who gives no password.
    ///
    /// - Parameter sent: When it was asked.
    func admitted(sent: Instant) {
        admittedAt = max(admittedAt, sent)
        let waiters = admissionWaiters
        admissionWaiters = []
        for waiter in waiters { waiter.newConnectionWouldDo() }
    }

    /// Tells `waiter` once it is known that a new connection would do in the place of its own.
    func awaitAdmission(_ waiter: any AdmissionWaiter) {
        if !isRetired, !admissionWaiters.contains(where: { $0 === waiter }) { admissionWaiters.append(waiter) }
    }

    /// Waits for a connection that somebody leaves.
    ///
    /// - Parameter given: Called with it, or with nil where none is left in time.
    func awaitSpare(_ key: RelayKey, _ given: @escaping (RelayConnection?) -> Void) {
        let waiter = Waiter(given)
        waiter.deadline = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(Self.patience)) { [weak self] in
            self?.waiting[key]?.removeAll { $0 === waiter }
            given(nil)
        }
        waiting[key, default: []].append(waiter)
    }

    private final class Waiter {
        let given: (RelayConnection?) -> Void
        var deadline: Scheduled<Void>?

        init(_ given: @escaping (RelayConnection?) -> Void) { self.given = given }
    }

    private var ready: Int { min(max(Self.readySpares, mostClients), Self.readyLimit) }
    /// Of all kinds together: beyond what is kept ready of each there are no more of them than clients.
    private var spareCount: Int { spares.values.reduce(0) { $0 + $1.count } }

    /// A client has come that may need a connection of its own: the first thing that it sends may be a command that blocks, and that is
    /// not to come later than what others send after it.
    func prepareForNewcomer(_ key: RelayKey) {
        dropClosedSpares(key)
        if needsSpare(key) { prepareSpare(key) }
    }

    private func prepareSpares(_ key: RelayKey) {
        while needsSpare(key) {
            let underWay = preparing[key, default: 0]
            prepareSpare(key)
            // Where the backing is known to be away that has failed at once.
            if preparing[key, default: 0] <= underWay { return }
        }
    }

    private func needsSpare(_ key: RelayKey) -> Bool {
        !isClosed && !isRetired && spares[key, default: []].count + preparing[key, default: 0] < ready
    }

    private func prepareSpare(_ key: RelayKey) {
        preparing[key, default: 0] += 1
        open(key).assumeIsolated().whenComplete { [weak self] result in
            guard let self else {
                if case .success(let opened) = result { opened.channel.close(promise: nil) }
                return
            }
            preparing[key, default: 1] -= 1
            if awaitsSpare.remove(key) != nil {
                opened(key, result)
                return prepareSpares(key)
            }
            guard case .success(let opened) = result else { return }
            let connection = RelayConnection(opened)
            guard (try? opened.channel.pipeline.syncOperations.addHandler(connection)) != nil else {
                return opened.channel.close(promise: nil)
            }
            leave(connection, key)
        }
    }

    /// Takes a connection whose session needs it no longer, and that nothing is left on.
    func leave(_ connection: RelayConnection, _ key: RelayKey) {
        if let waiter = waiting[key]?.popFirst() {
            waiter.deadline?.cancel()
            return waiter.given(connection)
        }
        guard !isClosed, spares[key, default: []].count < ready || spareCount < min(clients, Self.spareLimit) else {
            connection.close()
            return
        }
        connection.detach()
        spares[key, default: []].append((connection, MonotonicClock.now()))
        scheduleSweep()
    }

    private func scheduleSweep() {
        guard sweep == nil else { return }
        sweep = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(Self.spareLifetime)) { [weak self] in
            self?.closeUnused()
        }
    }

    private func closeUnused() {
        sweep = nil
        let limit = MonotonicClock.now() - Self.spareLifetime
        for key in spares.keys {
            while let oldest = spares[key]?.first {
                let isSurplus = spares[key, default: []].count > ready && oldest.since <= limit
                guard isSurplus || !oldest.connection.isOpen else { break }
                spares[key]?.removeFirst()
                oldest.connection.close()
            }
        }
        for (key, connections) in shared {
            for connection in connections.dropFirst() where connection.isIdle {
                shared[key]?.removeAll { $0 === connection }
                connection.close()
            }
        }
        let mayShrink = shared.values.contains { $0.count > 1 }
        if mayShrink || spares.values.contains(where: { $0.count > ready }) { scheduleSweep() }
    }

    // MARK: Looking whether connections still stand

    /// Those that nobody has are asked something, and are the pool's no longer: it opens new ones when they are needed.
    func askUnused() -> [WitnessLink] {
        let unused = spares.values.flatMap { $0.map(\.connection) }
        spares = [:]
        return unused.compactMap { connection in
            guard let channel = connection.surrender() else { return nil }
            let witness = WitnessLink(connection)
            guard (try? channel.pipeline.syncOperations.addHandler(witness)) != nil else {
                channel.close(promise: nil)
                return nil
            }
            return witness
        }
    }

    /// Those that sessions share. They cannot be asked: a reply of their own would be taken for a session's.
    var allShared: [SharedConnection] { shared.values.flatMap { $0 } }

    /// Closes everything; nobody may be waiting for a reply any more.
    func close() {
        isClosed = true
        sweep?.cancel()
        for waiter in waiting.values.joined() {
            waiter.deadline?.cancel()
            waiter.given(nil)
        }
        waiting = [:]
        admissionWaiters = []
        for connections in spares.values { for spare in connections { spare.connection.close() } }
        for connections in shared.values { for connection in connections { connection.close() } }
        spares = [:]
        shared = [:]
    }
}
