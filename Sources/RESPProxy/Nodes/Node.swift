import BackingClient
import LocalCache
import Logging
import NIOCore
import Time
import TransportSecurity

/// One event loop's side of one server: the lane on which it reads, the connections that sessions share or take over from each other, what the
/// server's commands are, and whether it can be reached.
///
/// It has more than 20 properties, since it joins those parts, and gives each what it needs of the others.
final class Node {
    let eventLoop: any EventLoop
    /// Reads of its keys, through the cache.
    let reads: ReadThrough
    /// By the server's table as of the fill lane's last log-in; there is none before, while the server is away, and where it is forbidden.
    private(set) var router: CommandRouter
    /// Whether the server is there but refuses the fill lane (a wrong password, `LOADING`): then nothing is read for others in its name.
    private(set) var isFillRefused = false
    /// Sessions keep the pool that they began with.
    private(set) lazy var pool = makePool()

    private let trustsClients: Bool
    private let hasPassword: Bool
    private var live: LiveSettings
    /// Whether anything is cached.
    private let caches: Bool
    private let access: CacheAccess
    private let servers: ServerMap
    private let cache: ValueCache
    /// Whether what the cache has of its server may be believed.
    let coherence: Coherence
    private let clients: ClientRegistry
    private let metrics: LoopMetrics
    private let questions: any ServerQuestions
    private let logger: Logger
    private let connector: BackingConnector
    private let lane: FillLane
    /// By which cache and coherence tell it from others.
    let laneID: LaneID
    var server: ServerID { laneID.server }
    private let opener: ConnectionOpener
    private let links: LinkCheck
    /// Whether the lane stood when it was last heard of.
    private var stands = false
    private var strayPushes = OccasionalLine(
        .warning,
        "the server has pushed something on a connection that sessions share: it is for none of them, and was dropped; "
            + "somebody's CLIENT TRACKING redirects to it by the server's own id")

    /// - Parameters:
    ///   - servers: Which others there are.
    ///   - index: The event loop's number.
    init(
        of server: Server, among servers: ServerMap, index: Int, on eventLoop: any EventLoop,
        configuration: ProxyConfiguration,
        cache: ValueCache, clients: ClientRegistry, metrics: LoopMetrics, logger: Logger
    ) {
        self.eventLoop = eventLoop
        trustsClients = configuration.trustsClients
        hasPassword = configuration.backing.password != nil
        live = configuration.live
        caches = configuration.live.cache.capacity > 0
        self.access = CacheAccess(configuration)
        self.servers = servers
        self.cache = cache
        self.coherence = server.coherence
        self.clients = clients
        self.metrics = metrics
        self.questions = server.monitor
        self.logger = logger
        laneID = LaneID(loop: index, server: server.id)
        connector = server.connector
        lane = FillLane(index: index, connector: server.connector, eventLoop: eventLoop, logger: logger)
        router = CommandRouter(table: nil, access: access, caches: caches, servers: servers)
        opener = ConnectionOpener(server.connector, on: eventLoop, configuration: configuration)
        links = LinkCheck(eventLoop: eventLoop, logger: logger)
        reads = ReadThrough(
            cache: cache, lane: lane, laneID: laneID, coherence: server.coherence, configuration: configuration)
    }

    /// Connects.
    func start() {
        lane.observer = self
        lane.start()
    }

    /// The server is there by now.
    func hurry() { lane.hurry() }

    /// Closes all connections to the server.
    func stop() -> EventLoopFuture<Void> {
        pool.close()
        return lane.close()
    }

    /// Other settings from now on.
    func apply(_ settings: LiveSettings) {
        live = settings
        reads.apply(settings)
    }

    // MARK: The lane

    /// Whether fills are being answered.
    var isUp: Bool { lane.isReady }
    /// Set while the server cannot be reached.
    var outage: BackingError? { opener.outage }

    /// The invalidation feed that stands from now on; nil: none.
    func feedChanged(to feed: FeedIdentity?) { lane.feedChanged(to: feed) }

    /// Makes sure that the fill lane answers something that is sent after `since`.
    func askLane(since: Instant) { lane.ask(since: since) }

    // MARK: What is known of the server

    /// Who is let in, as far as is known.
    var admission: Admission {
        Admission(
            protectedMode: live.protectedMode, trustsClients: trustsClients, hasPassword: hasPassword,
            admitsAnonymous: pool.admitsAnonymous)
    }

    /// The server has been asked whether it lets somebody in who gives no password.
    ///
    /// - Parameter sent: When it was asked.
    func admissionChanged(to isGranted: Bool, sent: Instant = MonotonicClock.now()) {
        // Who was let in stays so in Redis; whoever comes from now on is asked for a password.
        if !isGranted, pool.admitsAnonymous == true { replacePool() }
        pool.admitsAnonymous = isGranted
        if isGranted { pool.admitted(sent: sent) }
        guard lane.isReady else { return }
        isFillRefused = !hasPassword && !isGranted
    }

    /// Asks the server at once whether it lets somebody in who gives no password. Fails where it cannot be asked.
    func askAdmission() -> EventLoopFuture<Void> {
        let sent = MonotonicClock.now()
        return connector.checkAccess(nil, on: eventLoop).assumeIsolated().map { [weak self] access in
            self?.admissionChanged(to: access == .granted, sent: sent)
        }.nonisolated()
    }

    /// The server has refused a write because it is a replica: it may not be the one that is meant any more.
    func serverRefusesWrites() { connector.serverIsDoubted() }

    /// A client has logged in: whom the server lets in may have changed.
    func clientLoggedIn() { questions.clientLoggedIn() }

    /// For what the server ends connections is another thing than it was.
    func limitsChanged(to limits: ServerLimits) {
        setRouter(table: router.table, sharesLongReplies: !limits.forbidLongReplies)
        pool.limits = limits
        lane.limits = limits
    }

    private func setTable(_ table: CommandTable?) {
        setRouter(table: table, sharesLongReplies: router.sharesLongReplies)
    }

    private func setRouter(table: CommandTable?, sharesLongReplies: Bool) {
        router = CommandRouter(
            table: table, access: access, caches: caches, sharesLongReplies: sharesLongReplies, servers: servers)
    }

    // MARK: Connections

    /// A client has come, whose first command may need a connection of its own.
    func clientCame() {
        pool.clients = clients.count
        if let key = relayKey(of: SessionState(), in: pool) { pool.prepareForNewcomer(key) }
    }

    func clientLeft() { pool.clients = clients.count }

    /// What kind of connection of the pool would do for a session in that state, if any but its own does.
    func relayKey(of state: SessionState, in pool: RelayPool) -> RelayKey? {
        RelayKey(of: state, access: access, admitsAnonymous: pool.admitsAnonymous == true)
    }

    /// Opens a connection for one client: as a new client would have it, or logged in as the fill lane's user where clients are trusted.
    func openRelay() -> EventLoopFuture<OpenedRelay> { opener.openOwn() }

    /// Opens a connection for one client, on which the user of its certificate is logged in.
    func openRelay(as user: CertificateUser) -> EventLoopFuture<OpenedRelay> { opener.openOwn(as: user) }

    /// Opens a connection that sessions may share, or pass on.
    ///
    /// - Parameter isForMany: It is not for one session.
    func openRelay(_ key: RelayKey, isForMany: Bool = false) -> EventLoopFuture<OpenedRelay> {
        opener.open(key, isForMany: isForMany).assumeIsolated().flatMapErrorThrowing { [weak self] error in
            // The server will be asked, too, but there is no need to wait for that.
            if !key.isFillUser, (error as? BackingError)?.asksForPassword == true {
                self?.admissionChanged(to: false)
            }
            throw error
        }.nonisolated()
    }

    /// Opens a connection on which the proxy reads as the fill lane does: its user, its database.
    func openReader() -> EventLoopFuture<any Channel> { opener.openReader() }

    private func makePool() -> RelayPool {
        let pool = RelayPool(on: eventLoop) { [unowned self] key in
            openRelay(key, isForMany: true)
        } mustWait: { [unowned self] in
            opener.isFull
        } pushDropped: { [unowned self] in
            strayPushes.happened(to: logger)
        } refusedWrite: { [unowned self] in
            serverRefusesWrites()
        }
        pool.clients = clients.count
        return pool
    }

    private func replacePool() {
        pool.retire()
        let limits = pool.limits
        pool = makePool()
        pool.limits = limits
    }

    /// All that sessions have or could have, those asked that can be.
    private func askLinks() -> [(link: any BackingLink, wasAsked: Bool)] {
        var found: [(link: any BackingLink, wasAsked: Bool)] = pool.askUnused().map { ($0, true) }
        found += pool.allShared.map { ($0, false) }
        for session in clients.sessions {
            if let own = session.askOwnConnection() { found.append((own.link, own.wasAsked)) }
        }
        return found
    }
}

extension Node: FillLaneObserver {
    /// Fills are answered from here on; the table is the server's as of this log-in.
    func fillLaneIsUp(_ lane: FillLane, commandTable table: ByteBuffer?) {
        // Before a fetch is written on it.
        coherence.laneIsUp(laneID, now: MonotonicClock.now())
        if !stands { metrics.fillLaneChanged(isUp: true) }
        stands = true
        opener.outage = nil
        isFillRefused = false
        let table = table.flatMap { CommandTable(reply: $0.readableBytesSpan) }
        setTable(table)
        if table == nil {
            logger.warning(
                "the backing's COMMAND table cannot be read: every relayed command counts as a write of unknown keys")
        }
        questions.connectionStands()
        connector.serverIsDoubted()
        links.laneIsUp(askLinks) { [weak lane] since in lane?.ask(since: since) }
    }

    /// Tickets of this lane are void; whether clients hear of the outage from us depends on whether the server speaks.
    func fillLaneIsDown(_ lane: FillLane, error: BackingError) {
        // One connection that ended says nothing of the next: that is known once it could not be made.
        let stood = stands
        stands = false
        links.laneIsDown(error)
        // Where nothing is read through the lane it is not replaced at once, and what its server said goes on to hold so long.
        if caches || !stood { setTable(nil) }
        if stood { metrics.fillLaneChanged(isUp: false) }
        cache.voidFills(lane: laneID)
        coherence.laneIsDown(laneID)
        // A server that answers with an error of its own is there: its clients are to hear that error from it.
        opener.outage = error.code == .server || stood ? nil : error
        isFillRefused = error.code == .server
    }

    /// What is fetched from now on may be kept.
    func fillLane(_ lane: FillLane, isTrackedBy generation: UInt64) {
        coherence.lane(laneID, isTrackedBy: generation)
    }

    /// Nothing that is fetched may be kept, unless by expiry.
    func fillLane(_ lane: FillLane, wasRefused refusal: FeedRefusal) {
        coherence.refused(refusal)
    }

    /// The connection still stands.
    func fillLane(_ lane: FillLane, answered sent: Instant) {
        coherence.lane(laneID, answered: sent)
        links.laneAnswered(sent: sent)
    }
}
