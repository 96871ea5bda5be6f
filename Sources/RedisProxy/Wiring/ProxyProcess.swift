import BackingClient
import Glibc
import HTTPFacade
import LocalCache
import Logging
import NIOCore
import NIOPosix
import RESPProxy
import Topology
import TransportSecurity

/// The running proxy: everything put together.
struct ProxyProcess {
    let settings: Settings
    let logger: Logger

    /// Serves until a signal asks to stop.
    ///
    /// - Returns: The exit code.
    /// - Throws: ``StartupError`` where a listener cannot stand.
    func run() async throws -> Int32 {
        let signals = await ShutdownSignals.trap()
        let descriptors = try DescriptorLimit.current().fit(
            maxConnections: settings.clients.maxConnections, threads: settings.process.threads)
        let tls = try (settings.backing.tls ?? settings.backing.sentinel?.tls)?.load()
        let listenerTLS = try settings.listening.tls?.load()
        let adminTLS = try settings.process.adminTLS?.load()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: settings.process.threads)
        let httpLimiter = HTTPLimiter(maxClients: settings.clients.maxClients, logger: logger)
        let eventLoops = Array(group.makeIterator())
        let configuration = settings.proxyConfiguration(tls: settings.backing.tls == nil ? nil : tls)
        let sentinel = settings.sentinelConfiguration(tls: tls)
        let location = sentinel.map { ServerLocation(absence: .noPrimary(of: $0.name, because: "\(Absence.unknown)")) }
        let loops = try await ProxyLoops.make(
            on: eventLoops, configuration: configuration,
            connector: BackingConnector(configuration: configuration.backing, location: location),
            logger: logger, httpSide: HTTPWiring(settings: settings, logger: logger).maker(httpLimiter)
        ).get()
        let primary = PrimaryWatch(
            sentinel, location: location, server: configuration.backing, loops: loops, eventLoop: eventLoops[0],
            logger: logger)
        // Nothing is said, and nothing connected, before it is certain that the proxy can stand where it was told to.
        let probes = OwnProbes()
        let probe = DataPortProbe(
            probes: probes, eventLoop: group.next(), proxyProtocolFrom: settings.listening.proxyProtocolFrom)
        let reload = TLSReload(
            sources: [(.clients, listenerTLS?.source), (.admin, adminTLS?.source), (.backing, tls?.source)].compactMap {
                side, source in
                source.map { (side, $0) }
            }, passwords: listenerTLS?.passwords,
            interval: .nanoseconds(settings.listening.tlsReloadInterval.nanoseconds),
            logger: logger)
        let admin = try await startAdmin(
            loops, primary, adminTLS, probe, reload, backing: tls, on: group.next())
        let limit = ConnectionLimit(maximum: descriptors.maxConnections)
        var listeners = try await listen(
            loops, on: group, listenerTLS, limit: limit, probes, probe)
        let socket = try await listenOnSocket(loops, on: group, limit: limit, probes, &listeners)
        defer { socket?.remove() }
        try await loops.start().get()
        try await primary?.start()
        for listener in listeners { try await listener.accept() }
        announce(listeners, admin)
        warn(of: descriptors)
        reload.warnOfExpired(now: time(nil))

        await withThrowingTaskGroup(of: Void.self) { tasks in
            let (stopped, stop) = AsyncStream.makeStream(of: Void.self)
            tasks.addTask {
                try await signals.handle { signal in
                    ShutdownDeadline.begin(settings.process.shutdownTimeout, logger: logger)
                    stop.finish()
                    logger.info("stopping", metadata: ["signal": "\(signal)"])
                } exit: { code in
                    exitNow(code)
                }
            }
            tasks.addTask { try await reload.run() }
            for await _ in stopped {}
            probe.stop()
            await shutDown(listeners, loops, primary, admin)
            tasks.cancelAll()
        }
        return ExitCode.success
    }

    // MARK: Start

    private func warn(of descriptors: DescriptorLimit.Outcome) {
        if descriptors.maxConnections < settings.clients.maxConnections {
            let change = "from \(settings.clients.maxConnections) to \(descriptors.maxConnections)"
            logger.warning(
                "MAX_CONNECTIONS lowered \(change): not more than \(descriptors.limit) descriptors may be open (ulimit -n)"
            )
        }
        if settings.backing.tls?.verifies == false {
            logger.warning(
                "REDIS_TLS_VERIFY is off: whoever is between here and the backing can read and change everything")
        }
        if !settings.clients.protectedMode, !Self.isLoopback(settings.listening.host) {
            let reach = "PROXY_HOST \(settings.listening.host) may be reached from other machines"
            logger.warning("PROTECTED_MODE is off and \(reach): whoever reaches it is served")
        }
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    private func listen(
        _ loops: ProxyLoops, on group: any EventLoopGroup, _ tls: ListenerTLS?, limit: ConnectionLimit,
        _ probes: OwnProbes, _ probe: DataPortProbe
    ) async throws -> [ProxyListener] {
        let shares = settings.listening.servesHTTP && settings.listening.httpPort == nil
        var listeners = [
            try await bind(
                OptionTable.proxyPort, settings.listening.port, on: group, accepts: shares ? .both : .resp, tls, loops,
                limit, probes)
        ]
        if settings.listening.servesHTTP, let port = settings.listening.httpPort {
            listeners.append(
                try await bind(
                    OptionTable.httpPort, port, on: group, accepts: .http, tls, loops, limit, probes))
        }
        for (index, listener) in listeners.enumerated() { probe.add(listener.address, speaksHTTPOnly: index > 0) }
        return listeners
    }

    /// - Returns: the socket's file; nil where none is asked for.
    private func listenOnSocket(
        _ loops: ProxyLoops, on group: any EventLoopGroup, limit: ConnectionLimit, _ probes: OwnProbes,
        _ listeners: inout [ProxyListener]
    ) async throws -> SocketFile? {
        guard let path = settings.listening.socket else { return nil }
        try SocketFile.makeRoom(at: path)
        let accepts: ListenerProtocol =
            settings.listening.servesHTTP && settings.listening.httpPort == nil ? .both : .resp
        // Nobody else may use it before its mode is set; at start nothing else makes files meanwhile.
        let mask = umask(0o777)
        defer { umask(mask) }
        do {
            listeners.append(
                try await ProxyListener.bind(
                    socket: path, on: group, accepts: accepts, loops: loops, limit: limit, probes: probes))
            return try SocketFile(at: path, mode: settings.listening.socketMode)
        } catch {
            throw SocketFile.cannotListen(path, error)
        }
    }

    /// The one line that says where it listens and what it fronts.
    private func announce(_ listeners: [ProxyListener], _ admin: AdminServer?) {
        let addresses = listeners.filter { $0.address?.port != nil }.map {
            "\(settings.listening.host):\($0.address?.port ?? settings.listening.port)"
        }
        var places =
            settings.listening.servesHTTP && settings.listening.httpPort == nil ? "RESP and HTTP on " : "RESP on "
        places += addresses.joined(separator: ", HTTP on ")
        if let tls = settings.listening.tls { places += tls.allowsPlaintext ? ", with and without TLS" : " over TLS" }
        if let path = settings.listening.socket { places += ", plain on \(path)" }
        if let admin { places += ", admin on \(settings.process.adminHost):\(admin.port)" }
        logger.info(
            "redis-proxy \(ProductVersion.number) listens for \(places), in front of \(settings.backing.address)\(settings.backing.tls == nil ? "" : " over TLS")"
        )
    }

    private func bind(
        _ option: some OptionDescription, _ port: Int, on group: any EventLoopGroup, accepts: ListenerProtocol,
        _ tls: ListenerTLS?, _ loops: ProxyLoops, _ limit: ConnectionLimit, _ probes: OwnProbes
    ) async throws -> ProxyListener {
        do {
            return try await ProxyListener.bind(
                host: settings.listening.host, port: port, on: group, accepts: accepts, tls: tls, loops: loops,
                limit: limit,
                probes: probes)
        } catch {
            throw StartupError.cannotListen(
                host: settings.listening.host, port: port, hostOption: OptionTable.proxyHost, portOption: option,
                error: error)
        }
    }

    private func startAdmin(
        _ loops: ProxyLoops, _ primary: PrimaryWatch?, _ tls: ListenerTLS?, _ probe: DataPortProbe, _ reload: TLSReload,
        backing: BackingTLS?, on eventLoop: any EventLoop
    ) async throws -> AdminServer? {
        guard let port = settings.process.adminPort else { return nil }
        let metrics = ProxyMetrics(
            loops: try await loops.collect { NIOLoopBound($0.metrics, eventLoop: $0.eventLoop) }.get(),
            cacheStatistics: { loops.cache.statistics }, coherence: { loops.coherenceStatistics },
            tls: { [isListening = settings.listening.tls != nil] in
                let expiry = reload.sources.compactMap { side, source in source.expiry.map { (side, $0) } }
                return TLSStatistics(
                    expiry: Dictionary(expiry, uniquingKeysWith: { $1 }), isListening: isListening,
                    failedWithBacking: backing?.failures.counts)
            },
            sentinel: { primary?.statistics },
            droppedLogRecords: { StandardErrorLog.dropped })
        let responder = AdminResponder(
            health: { Health(portsAnswer: await probe.isStopping ? true : probe.answers()) },
            readiness: {
                let portsAnswer = await probe.isStopping ? false : probe.answers()
                let isUp = try await loops.collect { $0.isBackingUp }.get().contains(true)
                return Readiness(
                    isBackingUp: isUp, portsAnswer: portsAnswer, coherence: loops.coherenceStatistics.mode,
                    primary: primary.map { $0.statistics.primary?.description })
            },
            metrics: metrics.prometheusText)
        return try await AdminServer.start(
            host: settings.process.adminHost, port: port, tls: tls, eventLoop: eventLoop, responder: responder)
    }

    // MARK: Stop

    /// Stops accepting, lets what is in flight finish, and closes. Nothing of it can be called off, so that ``ShutdownDeadline`` is no part of it.
    private func shutDown(
        _ listeners: [ProxyListener], _ loops: ProxyLoops, _ primary: PrimaryWatch?, _ admin: AdminServer?
    ) async {
        for listener in listeners { await listener.close() }
        try? await loops.quiesce().get()
        try? await primary?.stop()
        try? await loops.stop().get()
        try? await admin?.close()
    }
}
