import BackingClient
import LocalCache
import Logging
import NIOCore
import TransportSecurity

/// What the connections of one event loop share: its nodes, its clients, its counters, and what the whole process has in common.
///
/// It has more than 20 properties, nearly all of them constants: whoever serves a client finds here what is there once for all clients.
public final class ProxyLoop {
    /// The event loop of everything here.
    public let eventLoop: any EventLoop
    /// The options as of the start.
    public let configuration: ProxyConfiguration
    /// What of the options may change, as it is now.
    public private(set) var live: LiveSettings
    /// The loop's counters.
    public let metrics: LoopMetrics
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
    let turns: EndOfTurn<any ClientSession>
    let allLoops: EventLoopTurns

    private let clients = ClientRegistry()
    private let permissions: ReadPermissions
    let nodes: Nodes
    /// It has been said that a server does not tell what a session is.
    private var hasToldOfRefusedProof = false

    /// Makes the loop's parts; nothing is connected before ``start()``.
    ///
    /// - Parameters:
    ///   - index: The event loop's number.
    ///   - shared: What the whole process has in common.
    init(index: Int, eventLoop: any EventLoop, shared: SharedParts) {
        self.eventLoop = eventLoop
        configuration = shared.configuration
        live = shared.configuration.live
        cache = shared.cache
        identifiers = shared.identifiers
        logger = shared.logger
        allLoops = shared.allLoops
        access = CacheAccess(configuration)
        let metrics = LoopMetrics()
        self.metrics = metrics
        faults = ClientFaults(metrics: metrics, logger: logger)
        flusher = ReplyFlusher(eventLoop: eventLoop)
        turns = EndOfTurn(eventLoop: eventLoop) { $0.takeTurn() }
        nodes = Nodes(of: shared.map) { [clients] server in
            Node(
                of: shared[server], among: shared.map, index: index, on: eventLoop, configuration: shared.configuration,
                cache: shared.cache,
                clients: clients, metrics: metrics, logger: shared.logger)
        }
        permissions = ReadPermissions(shared[shared.map.anyServer].connector, access: access, on: eventLoop)
    }

    /// Connects to the servers. To be called on the event loop, as everything here.
    public func start() { for node in nodes.all { node.start() } }

    /// Closes the connections to the servers.
    public func stop() -> EventLoopFuture<Void> { .andAllSucceed(nodes.all.map { $0.stop() }, on: eventLoop) }

    /// Other settings from now on.
    func apply(_ settings: LiveSettings) {
        live = settings
        for node in nodes.all { node.apply(settings) }
    }

    // MARK: Nodes

    var handles: [NodeHandle] { nodes.all.map { NodeHandle($0) } }

    /// Reads through the cache, from the server that owns the key.
    public func reads(of key: RawSpan) -> ReadThrough { nodes.reads(from: nodes.servers.owner(of: key)) }

    /// Whether what the cache has of the key's server may be believed.
    public func coherence(of key: RawSpan) -> Coherence { reads(of: key).coherence }

    /// Whether fills are being answered.
    public var isBackingUp: Bool { nodes.all.contains { $0.isUp } }

    // MARK: Clients

    func channelOpened(_ channel: any Channel) {
        clients.opened(channel)
        for node in nodes.all { node.clientCame() }
        channel.closeFuture.assumeIsolated().whenComplete { [weak self] _ in
            guard let self else { return }
            clients.closed(channel)
            for node in nodes.all { node.clientLeft() }
        }
    }

    func sessionOpened(_ session: any ClientSession) { clients.opened(session) }
    func sessionClosed(_ session: any ClientSession) { clients.closed(session) }

    /// Lets every client finish what it has under way, then closes it.
    func quiesce() -> EventLoopFuture<Void> { clients.quiesce(on: eventLoop) }

    /// A server does not let a user ask what the proxy must know before it answers him from the cache.
    func proofWasRefused(of user: SessionState.User) {
        guard !hasToldOfRefusedProof else { return }
        hasToldOfRefusedProof = true
        logger.warning(
            "a client's user may not send CLIENT INFO and PING: once it has logged in, or changed its session, it is not answered from the cache",
            metadata: ["user": "\(String(decoding: user.name(ofNew: access.newUser), as: UTF8.self))"])
    }
}

// MARK: Who may read

extension ProxyLoop {
    /// Whether a client from beyond this machine must be turned away: see `Admission/deniesRemoteClients`.
    public var deniesRemoteClients: Bool { nodes.all.contains { $0.admission.deniesRemoteClients } }

    /// Whether credentials are needed for what the cache holds: by the options, or since the server came to ask for a password.
    public var requiresCredentials: Bool { nodes.all.contains { $0.admission.requiresCredentials } }

    /// Whether somebody with these credentials (nil: none) may be given what the cache holds, by the rule of `CLIENT_AUTH`. Whoever has credentials
    /// is judged by them, also where none are needed.
    public func mayRead(_ credentials: BackingCredentials?) -> EventLoopFuture<ReadPermission> {
        permissions.mayRead(credentials, areRequired: requiresCredentials)
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

    /// The user of a client's certificate could not be logged in.
    ///
    /// - Parameter text: what the server has said, without its `-`.
    func logInWasRefused(to user: CertificateUser, _ text: [UInt8]) {
        metrics.connectionRefused(.certificateUser)
        faults.certificateRefused(String(decoding: text, as: UTF8.self), user: user)
    }

    /// Starts a `GET` that streams a large value past the cache.
    public func readLargeValue(_ key: ByteBuffer, receiver: any LargeValueReceiver) -> LargeValueReader {
        LargeValueReader(
            key: key, receiver: receiver, channel: nodes.owner(of: key.readableBytesSpan).openReader(),
            timeout: configuration.backing.commandTimeout)
    }
}
