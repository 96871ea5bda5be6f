import BackingClient
import LocalCache
import Logging
import NIOCore
import RESPParser
import TransportSecurity

/// What the connections of one event loop share: the reads, the fill lane, the command table, the counters.
public final class ProxyLoop {
    /// The event loop of everything here.
    public let eventLoop: any EventLoop
    /// The options in force.
    public let configuration: ProxyConfiguration
    /// Reads through the cache.
    public let readThrough: ReadThrough
    /// The loop's counters.
    public let metrics: LoopMetrics
    /// Takes the HTTP connections; nil = everything is RESP.
    public var httpSide: (any HTTPSide)?
    /// Whether the cache may be believed.
    public let coherence: Coherence
    let cache: ValueCache
    let access: CacheAccess
    let logger: Logger
    /// Told of clients that are not served through a fault of the proxy's own.
    let faults: ClientFaults

    /// The ids that clients of this process were told.
    let identifiers: ClientIdentifiers

    /// Sends what the loop's connections have written, RESP and HTTP, at the end of each turn.
    package let flusher: ReplyFlusher

    /// The sessions that have a turn, because something that they waited for has come.
    let turns: EndOfTurn<RESPSession>

    private let connector: BackingConnector
    private let gate: ConnectGate
    private let lane: FillLane
    /// By the server's table as of the fill lane's last log-in; there is none before, while the backing is away, and where it is forbidden.
    private(set) var router: CommandRouter
    /// Set while the backing cannot be reached.
    private(set) var outage: BackingError?
    /// Whether the server is there but refuses the fill lane (a wrong password, `LOADING`): then nothing is read for others in its name.
    private(set) var isFillRefused = false
    /// The connections that sessions share or take over from each other; sessions keep the pool that they began with.
    private(set) lazy var pool = makePool()
    private lazy var links = LinkCheck(eventLoop: eventLoop, logger: logger)
    /// Has the server asked whom it lets in. To be called when a connection has come to stand, since by then it may be another server, with
    /// other rules, and when a client has logged in.
    var askAdmission: (() -> Void)?
    /// Has the server asked for what it ends connections. To be called when a connection has come to stand.
    var askLimits: (() -> Void)?
    /// See `ProxyLoops`: done once clients that had connected before are there, and what was opened for them.
    var settle: (() -> EventLoopFuture<Void>)?

    private var strayPushes = OccasionalLine(
        .warning,
        "the server has pushed something on a connection that sessions share: it is for none of them, and was dropped; "
            + "somebody's CLIENT TRACKING redirects to it by the server's own id")
    /// It has been said that the server does not tell what a session is.
    private var hasToldOfRefusedProof = false

    /// Every client's channel.
    private var channels: [ObjectIdentifier: any Channel] = [:]
    private var quiesced: EventLoopPromise<Void>?
    /// The RESP sessions; one may outlive its client, until the server has answered what the client left behind.
    private var sessions: [ObjectIdentifier: RESPSession] = [:]

    /// Makes the loop's parts; nothing is connected before ``start()``.
    ///
    /// - Parameter connector: Opens the connections to the backing; nil = one of sockets.
    public convenience init(
        index: Int, eventLoop: any EventLoop, configuration: ProxyConfiguration, cache: ValueCache,
        coherence: Coherence,
        logger: Logger, connector: BackingConnector? = nil
    ) {
        self.init(
            index: index, eventLoop: eventLoop, configuration: configuration, cache: cache, coherence: coherence,
            identifiers: ClientIdentifiers(), logger: logger, connector: connector)
    }

    /// - Parameter identifiers: Those of the whole process.
    init(
        index: Int, eventLoop: any EventLoop, configuration: ProxyConfiguration, cache: ValueCache,
        coherence: Coherence, identifiers: ClientIdentifiers, logger: Logger, connector: BackingConnector? = nil
    ) {
        self.identifiers = identifiers
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.cache = cache
        self.coherence = coherence
        self.logger = logger
        self.access = configuration.cacheAccess
        self.router = CommandRouter(table: nil, access: access, caches: configuration.cache.capacity > 0)
        self.metrics = LoopMetrics()
        self.faults = ClientFaults(metrics: metrics, logger: logger)
        self.flusher = ReplyFlusher(eventLoop: eventLoop)
        self.turns = EndOfTurn(eventLoop: eventLoop) { $0.takeTurn() }
        let connector = connector ?? BackingConnector(configuration: configuration.backing)
        self.connector = connector
        self.gate = ConnectGate(eventLoop: eventLoop)
        self.lane = FillLane(index: index, connector: connector, eventLoop: eventLoop, logger: logger)
        self.readThrough = ReadThrough(
            cache: cache, lane: lane, coherence: coherence, configuration: configuration)
    }

    /// Starts the fill lane. To be called on the event loop, as everything here.
    public func start() {
        lane.observer = self
        lane.start()
    }

    // MARK: Clients

    func channelOpened(_ channel: any Channel) {
        channels[ObjectIdentifier(channel)] = channel
        pool.clients = channels.count
        if let key = relayKey(of: SessionState(), in: pool) { pool.prepareForNewcomer(key) }
        channel.closeFuture.assumeIsolated().whenComplete { [weak self] _ in
            guard let self else { return }
            channels[ObjectIdentifier(channel)] = nil
            pool.clients = channels.count
            endQuiescing()
        }
    }

    /// Lets every client finish what is in flight, then closes it.
    func quiesce() -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        quiesced = promise
        for channel in channels.values { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        endQuiescing()
        return promise.futureResult
    }

    private func endQuiescing() {
        guard channels.isEmpty, sessions.isEmpty else { return }
        quiesced?.succeed()
        quiesced = nil
    }

    func sessionOpened(_ session: RESPSession) { sessions[ObjectIdentifier(session)] = session }
    func sessionClosed(_ session: RESPSession) {
        sessions[ObjectIdentifier(session)] = nil
        endQuiescing()
    }

    /// The invalidation feed that stands from now on; nil: none.
    func feedChanged(to feed: FeedIdentity?) { lane.feedChanged(to: feed) }

    /// The number of the fill lane.
    var laneIndex: Int { lane.index }

    /// Makes sure that the fill lane answers something that is sent after `since`.
    func askLane(since: UInt64) { lane.ask(since: since) }

    /// The server has been asked whether it lets somebody in who gives no password.
    ///
    /// - Parameter sent: When it was asked, in monotonic nanoseconds.
    func admissionChanged(to isGranted: Bool, sent: UInt64 = MonotonicClock.now()) {
        admitsAnonymous = isGranted
        if isGranted { pool.admitted(sent: sent) }
        guard lane.isReady else { return }
        isFillRefused = configuration.backing.password == nil && !isGranted
    }

    /// Closes the connections to the backing.
    public func stop() -> EventLoopFuture<Void> {
        pool.close()
        return lane.close()
    }

    /// What kind of connection of the pool would do for a session in that state, if any but its own does.
    func relayKey(of state: SessionState, in pool: RelayPool) -> RelayKey? {
        RelayKey(
            of: state, trustsClients: configuration.trustsClients, fillUser: access.fillUser,
            admitsAnonymous: pool.admitsAnonymous == true)
    }

    /// The server does not let a user ask what the proxy must know before it answers him from the cache.
    func proofWasRefused(of user: SessionState.User) {
        guard !hasToldOfRefusedProof else { return }
        hasToldOfRefusedProof = true
        logger.warning(
            "a client's user may not send CLIENT INFO and PING: once it has logged in, or changed its session, it is not answered from the cache",
            metadata: ["user": "\(String(decoding: user.name(ofNew: access.newUser), as: UTF8.self))"])
    }

    private func makePool() -> RelayPool {
        let pool = RelayPool(on: eventLoop) { [unowned self] key in
            openRelay(key, isForMany: true)
        } mustWait: { [unowned self] in
            gate.isFull
        } pushDropped: { [unowned self] in
            strayPushes.happened(to: logger)
        }
        pool.clients = channels.count
        return pool
    }

    /// Whether the server lets somebody in who gives no password; nil while it has not been asked.
    private(set) var admitsAnonymous: Bool? {
        get { pool.admitsAnonymous }
        set {
            // Who was let in stays so in Redis; whoever comes from now on is asked for a password.
            if newValue == false, pool.admitsAnonymous == true {
                pool.retire()
                let limits = pool.limits
                pool = makePool()
                pool.limits = limits
            }
            pool.admitsAnonymous = newValue
        }
    }

    /// Whether fills are being answered.
    public var isBackingUp: Bool { lane.isReady }

    /// Whether a client from beyond this machine must be turned away (`PROTECTED_MODE`): the backing needs no password, as far as is
    /// known. While it has not been asked, a configured password is taken for one that is needed.
    public var deniesRemoteClients: Bool {
        configuration.protectedMode && (admitsAnonymous ?? (configuration.backing.password == nil))
    }

    /// Opens a connection to the backing for one client: as a new client would have it, or logged in as the fill lane's user where clients are trusted.
    func openRelay() -> EventLoopFuture<OpenedRelay> {
        if let outage { return eventLoop.makeFailedFuture(outage) }
        return open(preamble: Preamble(login: configuration.trustsClients ? configuration.authentication : nil))
    }

    /// Opens a connection for one client, on which the user of its certificate is logged in.
    func openRelay(as user: CertificateUser) -> EventLoopFuture<OpenedRelay> {
        if let outage { return eventLoop.makeFailedFuture(outage) }
        // Where there was a password when the client came, and there is none by now, the server would say so.
        guard let credentials = user.credentials else { return eventLoop.makeFailedFuture(BackingError.wrongPassword) }
        return open(preamble: Preamble(login: credentials.command))
    }

    /// The user of a client's certificate could not be logged in.
    ///
    /// - Parameter text: what the server has said, without its `-`.
    func logInWasRefused(to user: CertificateUser, _ text: [UInt8]) {
        metrics.connectionRefused(.certificateUser)
        faults.certificateRefused(String(decoding: text, as: UTF8.self), user: user)
    }

    /// Opens a connection that sessions may share, or pass on.
    ///
    /// - Parameter isForMany: It is not for one session.
    func openRelay(_ key: RelayKey, isForMany: Bool = false) -> EventLoopFuture<OpenedRelay> {
        if let outage { return eventLoop.makeFailedFuture(outage) }
        let preamble = Preamble(for: key, authentication: configuration.authentication)
        return open(preamble: preamble, isForMany: isForMany).assumeIsolated().map {
            OpenedRelay(channel: $0.channel, identifier: $0.identifier, isProven: true)
        }.flatMapErrorThrowing { [weak self] error in
            // The watch will say so, too, but there is no need to wait for it.
            if !key.isFillUser, (error as? BackingError)?.asksForPassword == true {
                self?.admissionChanged(to: false)
            }
            throw error
        }.nonisolated()
    }

    /// Opens a connection on which the proxy reads as the fill lane does: its user, its database.
    func openReader() -> EventLoopFuture<any Channel> {
        if let outage { return eventLoop.makeFailedFuture(outage) }
        let database = configuration.backing.database
        return open(preamble: Preamble(login: configuration.authentication, database: database)).map(\.channel)
    }

    private func open(preamble: Preamble, isForMany: Bool = false) -> EventLoopFuture<OpenedRelay> {
        let connected = gate.open(isForMany: isForMany) { [self] in
            // By the time it is its turn the backing may be known to be away.
            if let outage { return eventLoop.makeFailedFuture(outage) }
            return connector.connect(on: eventLoop)
        }
        guard !preamble.commands.isEmpty else { return connected.map { OpenedRelay(channel: $0) } }
        let timeout = configuration.backing.connectTimeout
        return connected.assumeIsolated().flatMap { [eventLoop] channel in
            let done = eventLoop.makePromise(of: Int?.self)
            let deadline = eventLoop.assumeIsolated().scheduleTask(in: timeout) {
                done.fail(BackingError.silentAtLogIn)
            }
            do {
                try channel.pipeline.syncOperations.addHandler(PreambleHandler(preamble: preamble, done: done))
            } catch {
                done.fail(error)
            }
            return done.futureResult.assumeIsolated().map { identifier in
                OpenedRelay(channel: channel, identifier: identifier)
            }.flatMapErrorThrowing { error in
                channel.close(promise: nil)
                throw error
            }.always { _ in deadline.cancel() }.nonisolated()
        }.nonisolated()
    }
}

extension ProxyLoop: FillLaneObserver {
    /// Fills are answered from here on; the table is the server's as of this log-in.
    public func fillLaneIsUp(_ lane: FillLane, commandTable table: ByteBuffer?) {
        // Before a fetch is written on it.
        coherence.laneIsUp(lane.index, now: MonotonicClock.now())
        outage = nil
        isFillRefused = false
        metrics.backingChanged(isUp: true)
        let table = table.flatMap { CommandTable(reply: $0.readableBytesSpan) }
        setTable(table)
        if table == nil {
            logger.warning(
                "the backing's COMMAND table cannot be read: every relayed command counts as a write of unknown keys")
        }
        askAdmission?()
        askLimits?()
        links.laneIsUp(askLinks) { [weak lane] since in lane?.ask(since: since) }
    }

    /// All connections to the backing that sessions have or could have, those asked that can be.
    private func askLinks() -> [(link: any BackingLink, wasAsked: Bool)] {
        var found: [(link: any BackingLink, wasAsked: Bool)] = pool.askUnused().map { ($0, true) }
        found += pool.allShared.map { ($0, false) }
        for session in sessions.values {
            if let own = session.askOwnConnection() { found.append((own.link, own.wasAsked)) }
        }
        return found
    }

    private func setTable(_ table: CommandTable?) {
        router = CommandRouter(
            table: table, access: access, caches: router.caches, sharesLongReplies: router.sharesLongReplies)
    }

    /// For what the server ends connections is another thing than it was.
    func limitsChanged(to limits: ServerLimits) {
        router = CommandRouter(
            table: router.table, access: access, caches: router.caches, sharesLongReplies: !limits.forbidLongReplies)
        pool.limits = limits
        lane.limits = limits
    }

    /// Tickets of this lane are void; whether clients hear of the outage from us depends on whether the server speaks.
    public func fillLaneIsDown(_ lane: FillLane, error: BackingError) {
        // One connection that ended says nothing of the next: that is known once it could not be made.
        links.laneIsDown(error)
        let isFirst = metrics.snapshot.fillLanesUp > 0
        // Where nothing is read through the lane it is not replaced at once, and what its server said goes on to hold so long.
        if configuration.cache.capacity > 0 || !isFirst { setTable(nil) }
        metrics.backingChanged(isUp: false)
        cache.voidFills(lane: lane.index)
        coherence.laneIsDown(lane.index)
        // A server that answers with an error of its own is there: its clients are to hear that error from it.
        outage = error.code == .server || isFirst ? nil : error
        isFillRefused = error.code == .server
    }

    /// What is fetched from now on may be kept.
    public func fillLane(_ lane: FillLane, isTrackedBy generation: UInt64) {
        coherence.lane(lane.index, isTrackedBy: generation)
    }

    /// Nothing that is fetched may be kept, unless by expiry.
    public func fillLane(_ lane: FillLane, wasRefused refusal: FeedRefusal) {
        coherence.refused(refusal)
    }

    /// The connection still stands.
    public func fillLane(_ lane: FillLane, answered sent: UInt64) {
        coherence.lane(lane.index, answered: sent)
        links.laneAnswered(sent: sent)
    }
}

// MARK: For the HTTP side

/// The answer of ``ProxyLoop/mayRead(_:)``.
public enum ReadPermission: Sendable {
    case granted
    /// Credentials are needed, or these are wrong; the server's error text without its `-`.
    case unauthenticated([UInt8])
    /// Logged in, but as another user than the one whose values the cache holds.
    case forbidden
    /// The server could not be asked.
    case failure(BackingError)
}

extension ProxyLoop {
    /// Starts a `GET` that streams a large value past the cache.
    public func readLargeValue(_ key: ByteBuffer, receiver: any LargeValueReceiver) -> LargeValueReader {
        LargeValueReader(
            key: key, receiver: receiver, channel: openReader(), timeout: configuration.backing.commandTimeout)
    }

    /// Whether credentials are needed for what the cache holds: by the configuration, or since the server came to ask for a password.
    public var requiresCredentials: Bool {
        configuration.requiresCredentials || (!configuration.trustsClients && admitsAnonymous == false)
    }

    /// Whether somebody with these credentials (nil: none) may be given what the cache holds, by the rule of `CLIENT_AUTH`. Whoever has credentials
    /// is judged by them, also where none are needed.
    public func mayRead(_ credentials: BackingCredentials?) -> EventLoopFuture<ReadPermission> {
        guard let credentials else {
            let isNeeded = requiresCredentials
            return eventLoop.makeSucceededFuture(
                isNeeded ? .unauthenticated(Array("NOAUTH Authentication required.".utf8)) : .granted)
        }
        let isFillUser = access.includes(.named(credentials.username ?? Array("default".utf8)))
        return connector.checkAccess(credentials, on: eventLoop).map { access in
            switch access {
            case .granted: isFillUser ? .granted : .forbidden
            case .refused(let text): .unauthenticated(text)
            }
        }.flatMapErrorThrowing { error in
            .failure(error as? BackingError ?? BackingError(code: .unavailable, message: Array("ERR \(error)".utf8)))
        }
    }

    /// Whether the user of a client's certificate may be given what the cache holds: only who is the fill lane's user, whoever is let in otherwise.
    public func mayRead(_ user: CertificateUser) -> EventLoopFuture<ReadPermission> {
        let permission: EventLoopFuture<ReadPermission>
        if let credentials = user.credentials {
            permission = mayRead(credentials)
        } else {
            permission = eventLoop.makeSucceededFuture(.unauthenticated(BackingError.wrongPassword.message))
        }
        permission.assumeIsolated().whenSuccess { [weak self] permission in
            if case .unauthenticated(let text) = permission { self?.logInWasRefused(to: user, text) }
        }
        return permission
    }
}
