import BackingClient
import NIOCore
import Time
import TransportSecurity

/// Opens connections to one server for the clients of one event loop, only so many at a time.
final class ConnectionOpener {
    private let connector: BackingConnector
    private let eventLoop: any EventLoop
    private let gate: ConnectGate
    /// Those of the fill lane's user; nil where it needs none.
    private let credentials: BackingCredentials?
    private let trustsClients: Bool
    /// Set while the server cannot be reached: then it is not tried.
    var outage: BackingError?

    init(_ connector: BackingConnector, on eventLoop: any EventLoop, configuration: ProxyConfiguration) {
        self.connector = connector
        self.eventLoop = eventLoop
        self.gate = ConnectGate(eventLoop: eventLoop)
        self.credentials = configuration.backing.credentials
        self.trustsClients = configuration.trustsClients
    }

    /// For one client: as a new client would have it, or logged in as the fill lane's user where clients are trusted.
    func openOwn() -> EventLoopFuture<OpenedRelay> { open(Preamble(LogIn(trustsClients ? credentials : nil))) }

    /// For one client, with the user of its certificate logged in.
    func openOwn(as user: CertificateUser) -> EventLoopFuture<OpenedRelay> {
        if let outage { return eventLoop.makeFailedFuture(outage) }
        // Where there was a password when the client came, and there is none by now, the server would say so.
        guard let credentials = user.credentials else { return eventLoop.makeFailedFuture(BackingError.wrongPassword) }
        return open(Preamble(LogIn(credentials)))
    }

    /// Whether the next connection would have to wait for others.
    var isFull: Bool { gate.isFull }

    /// For those who share it, or pass it on.
    ///
    /// - Parameter isForMany: It is not for one session.
    func open(_ key: RelayKey, isForMany: Bool) -> EventLoopFuture<OpenedRelay> {
        open(Preamble(for: key, credentials: credentials), isForMany: isForMany).assumeIsolated().map {
            OpenedRelay(channel: $0.channel, identifier: $0.identifier, isProven: true)
        }.nonisolated()
    }

    /// For a read of the proxy's own, as the fill lane reads: its user, its database.
    func openReader() -> EventLoopFuture<any Channel> {
        open(Preamble(LogIn(credentials, database: connector.configuration.database))).map(\.channel)
    }

    private func open(_ preamble: Preamble, isForMany: Bool = false) -> EventLoopFuture<OpenedRelay> {
        if let outage { return eventLoop.makeFailedFuture(outage) }
        let connected = gate.open(isForMany: isForMany) { [self] in
            // By the time it is its turn the server may be known to be away.
            if let outage { return eventLoop.makeFailedFuture(outage) }
            return connector.connect(on: eventLoop)
        }
        guard preamble.count > 0 else { return connected.map { OpenedRelay(channel: $0) } }
        let timeout = connector.configuration.connectTimeout
        return connected.assumeIsolated().flatMap { [eventLoop, connector] channel in
            let done = eventLoop.makePromise(of: Int?.self)
            let deadline = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) {
                done.fail(BackingError.silentAtLogIn)
            }
            do {
                try channel.pipeline.syncOperations.addHandler(
                    PreambleHandler(preamble: preamble, connector: connector, done: done))
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
