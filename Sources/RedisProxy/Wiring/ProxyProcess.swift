import BackingClient
import HTTPFacade
import LocalCache
import Logging
import NIOCore
import NIOPosix
import RESPProxy

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
            maxConnections: settings.maxConnections, threads: settings.threads)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: settings.threads)
        let loops = try await ProxyLoops.make(
            on: group, configuration: settings.proxyConfiguration(maxConnections: descriptors.maxConnections),
            logger: logger)
        try await HTTPWiring(settings: settings, logger: logger).connect(loops)
        // Nothing is said, and nothing connected, before it is certain that the proxy can stand where it was told to.
        let admin = try await startAdmin(loops, on: group.next())
        let listeners = try await listen(loops, limit: ConnectionLimit(maximum: descriptors.maxConnections))
        try await loops.start()
        for listener in listeners { try await listener.accept() }
        announce(listeners, admin)
        warn(of: descriptors)

        await withThrowingTaskGroup(of: Void.self) { tasks in
            let (stopped, stop) = AsyncStream.makeStream(of: Void.self)
            tasks.addTask {
                try await signals.handle { signal in
                    logger.info("stopping", metadata: ["signal": "\(signal)"])
                    stop.finish()
                } exit: { code in
                    exitNow(code)
                }
            }
            for await _ in stopped {}
            await shutDown(listeners, loops, admin)
            tasks.cancelAll()
        }
        return RedisProxyCommand.ExitCode.success
    }

    // MARK: Start

    private func warn(of descriptors: DescriptorLimit.Outcome) {
        if descriptors.maxConnections < settings.maxConnections {
            let change = "from \(settings.maxConnections) to \(descriptors.maxConnections)"
            logger.warning(
                "MAX_CONNECTIONS lowered \(change): not more than \(descriptors.limit) descriptors may be open (ulimit -n)"
            )
        }
        if !settings.protectedMode, !Self.isLoopback(settings.proxyHost) {
            let reach = "PROXY_HOST \(settings.proxyHost) may be reached from other machines"
            logger.warning("PROTECTED_MODE is off and \(reach): whoever reaches it is served")
        }
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    private func listen(_ loops: ProxyLoops, limit: ConnectionLimit) async throws -> [ProxyListener] {
        let shares = settings.servesHTTP && settings.httpPort == nil
        var listeners = [
            try await bind(OptionTable.proxyPort, settings.proxyPort, accepts: shares ? .both : .resp, loops, limit)
        ]
        if settings.servesHTTP, let port = settings.httpPort {
            listeners.append(try await bind(OptionTable.httpPort, port, accepts: .http, loops, limit))
        }
        return listeners
    }

    /// The one line that says where it listens and what it fronts.
    private func announce(_ listeners: [ProxyListener], _ admin: AdminServer?) {
        let addresses = listeners.map { "\(settings.proxyHost):\($0.address?.port ?? settings.proxyPort)" }
        var places = settings.servesHTTP && settings.httpPort == nil ? "RESP and HTTP on " : "RESP on "
        places += addresses.joined(separator: ", HTTP on ")
        if let admin { places += ", admin on \(settings.adminHost):\(admin.port)" }
        logger.info(
            "redis-proxy \(ProductVersion.number) listens for \(places), in front of \(settings.backingAddress)")
    }

    private func bind(
        _ option: some OptionDescription, _ port: Int, accepts: ListenerProtocol, _ loops: ProxyLoops,
        _ limit: ConnectionLimit
    ) async throws -> ProxyListener {
        do {
            return try await ProxyListener.bind(
                host: settings.proxyHost, port: port, accepts: accepts, loops: loops, limit: limit)
        } catch {
            throw StartupError.cannotListen(
                host: settings.proxyHost, port: port, hostOption: OptionTable.proxyHost, portOption: option,
                error: error)
        }
    }

    private func startAdmin(_ loops: ProxyLoops, on eventLoop: any EventLoop) async throws -> AdminServer? {
        guard let port = settings.adminPort else { return nil }
        let metrics = ProxyMetrics(
            loops: try await loops.collect { NIOLoopBound($0.metrics, eventLoop: $0.eventLoop) },
            cacheStatistics: { loops.cache.statistics }, coherence: { loops.coherence.statistics },
            droppedLogRecords: { StandardErrorLog.dropped })
        let responder = AdminResponder(
            readiness: {
                let isUp = try await loops.collect(\.isBackingUp).contains(true)
                return Readiness(isBackingUp: isUp, coherence: loops.coherence.mode)
            },
            metrics: metrics.prometheusText)
        return try await AdminServer.start(
            host: settings.adminHost, port: port, eventLoop: eventLoop, responder: responder)
    }

    // MARK: Stop

    /// Stops accepting, lets what is in flight finish for as long as `SHUTDOWN_TIMEOUT` allows, and closes.
    private func shutDown(_ listeners: [ProxyListener], _ loops: ProxyLoops, _ admin: AdminServer?) async {
        for listener in listeners { await listener.close() }
        let isDone = await withTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                try? await loops.quiesce()
                return true
            }
            tasks.addTask { [timeout = settings.shutdownTimeout] in
                try? await Task.sleep(for: .nanoseconds(timeout.nanoseconds))
                return false
            }
            let first = await tasks.next() ?? false
            tasks.cancelAll()
            return first
        }
        if !isDone {
            logger.warning("clients were still being served after SHUTDOWN_TIMEOUT; their connections are cut")
            exitNow(RedisProxyCommand.ExitCode.success)
        }
        try? await loops.stop()
        try? await admin?.close()
    }
}
