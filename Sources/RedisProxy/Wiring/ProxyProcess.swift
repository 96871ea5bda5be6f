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
        let maxConnections = try fitDescriptors()
        warnOfOpenDoors()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: settings.threads)
        let loops = try await ProxyLoops.start(
            on: group, configuration: settings.proxyConfiguration(maxConnections: maxConnections), logger: logger)
        try await HTTPWiring(settings: settings, logger: logger).connect(loops)
        let listeners = try await listen(loops, limit: ConnectionLimit(maximum: maxConnections))
        let admin = try await startAdmin(loops, on: group.next())

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

    private func fitDescriptors() throws -> Int {
        let fitted = try DescriptorLimit.current().fit(
            maxConnections: settings.maxConnections, threads: settings.threads)
        if fitted.maxConnections < settings.maxConnections {
            logger.warning(
                "MAX_CONNECTIONS lowered from \(settings.maxConnections) to \(fitted.maxConnections): not more than \(fitted.limit) descriptors may be open (ulimit -n)"
            )
        }
        return fitted.maxConnections
    }

    private func warnOfOpenDoors() {
        guard !settings.protectedMode, !Self.isLoopback(settings.proxyHost) else { return }
        logger.warning(
            "PROTECTED_MODE is off and PROXY_HOST \(settings.proxyHost) may be reached from other machines: whoever reaches it is served"
        )
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    private func listen(_ loops: ProxyLoops, limit: ConnectionLimit) async throws -> [ProxyListener] {
        let host = settings.proxyHost
        let shares = settings.servesHTTP && settings.httpPort == nil
        var listeners = [
            try await bind(OptionTable.proxyPort, settings.proxyPort, accepts: shares ? .both : .resp, loops, limit)
        ]
        var places = "RESP\(shares ? " and HTTP" : "") on \(host):\(listeners[0].address?.port ?? settings.proxyPort)"
        if settings.servesHTTP, let port = settings.httpPort {
            let listener = try await bind(OptionTable.httpPort, port, accepts: .http, loops, limit)
            listeners.append(listener)
            places += ", HTTP on \(host):\(listener.address?.port ?? port)"
        }
        logger.info("redis-proxy \(ProductVersion.number) listens for \(places), in front of \(settings.backingAddress)")
        return listeners
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
            cacheStatistics: { loops.cache.statistics }, coherence: settings.coherence)
        let responder = AdminResponder(
            readiness: { [coherence = settings.coherence] in
                let isUp = try await loops.collect(\.isBackingUp).contains(true)
                return Readiness(isBackingUp: isUp, coherence: coherence)
            },
            metrics: metrics.prometheusText)
        let admin = try await AdminServer.start(
            host: settings.adminHost, port: port, eventLoop: eventLoop, responder: responder)
        logger.info("admin listens on \(settings.adminHost):\(admin.port)")
        return admin
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
