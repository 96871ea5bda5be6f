import BackingClient
import LocalCache
import Logging
import NIOCore

/// The proxy, put together: its parts on every event loop, and what they share.
///
/// The program, the simulation and the tests make it here and nowhere else. Event loops may be of any kind.
public final class ProxyLoops: Sendable {
    /// The cache that all event loops share.
    public let cache: ValueCache
    private let servers: [Server]
    /// Where what comes from several event loops is put together.
    private let eventLoop: any EventLoop
    /// In the order of the event loops.
    private let all: [NIOLoopBound<EventLoopParts>]
    private let byEventLoop: [ObjectIdentifier: NIOLoopBound<EventLoopParts>]

    private init(shared: SharedParts, parts: [NIOLoopBound<EventLoopParts>], on eventLoop: any EventLoop) {
        cache = shared.cache
        servers = shared.servers
        self.eventLoop = eventLoop
        all = parts
        byEventLoop = Dictionary(
            parts.map { (ObjectIdentifier($0.eventLoop), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether what the cache has of one server may be believed.
    func coherence(of server: ServerID) -> Coherence { servers[Int(server.number)].coherence }

    /// What has been heard of changes, by all servers together.
    public var coherenceStatistics: CoherenceStatistics { CoherenceStatistics(of: servers.map(\.coherence.statistics)) }

    /// Makes the parts; nothing is connected before ``start()``.
    ///
    /// - Parameters:
    ///   - eventLoops: At least one; on the first of them the server is asked what concerns all.
    ///   - connector: Opens the connections to the one server; nil = one of sockets.
    ///   - httpSide: Makes what takes the HTTP connections of an event loop, on it; nil = everything is RESP.
    public static func make(
        on eventLoops: [any EventLoop], configuration: ProxyConfiguration, connector: BackingConnector? = nil,
        logger: Logger, httpSide: (@Sendable (ProxyLoop) -> any HTTPSide)? = nil
    ) -> EventLoopFuture<ProxyLoops> {
        make(
            on: eventLoops, configuration: configuration, map: ServerMap(),
            connectors: [connector ?? BackingConnector(configuration: configuration.backing)], logger: logger,
            httpSide: httpSide)
    }

    /// The same in front of the servers of a map.
    ///
    /// - Parameter connectors: One for each of them, in their order.
    static func make(
        on eventLoops: [any EventLoop], configuration: ProxyConfiguration, map: ServerMap,
        connectors: [BackingConnector], logger: Logger, httpSide: (@Sendable (ProxyLoop) -> any HTTPSide)?
    ) -> EventLoopFuture<ProxyLoops> {
        let first = eventLoops[0]
        let cache = ValueCache(configuration: configuration.live.cache)
        let servers = zip(map.servers, connectors).map { id, connector in
            makeServer(id, connector, configuration, cache, on: first, logger)
        }
        return EventLoopFuture.whenAllSucceed(servers, on: first).map { servers in
            SharedParts(
                configuration: configuration, cache: cache, map: map, servers: servers,
                allLoops: EventLoopTurns(eventLoops), logger: logger)
        }.flatMap { shared in
            let parts = eventLoops.enumerated().map { index, eventLoop in
                eventLoop.perform {
                    let loop = ProxyLoop(index: index, eventLoop: eventLoop, shared: shared)
                    let parts = EventLoopParts(loop: loop, httpSide: httpSide?(loop))
                    return (NIOLoopBound(parts, eventLoop: eventLoop), loop.handles)
                }
            }
            return EventLoopFuture.whenAllSucceed(parts, on: first).map { parts in
                for server in shared.servers {
                    server.monitor.value.serve(parts.flatMap { $0.1 }.filter { $0.server == server.id })
                }
                return ProxyLoops(shared: shared, parts: parts.map { $0.0 }, on: first)
            }
        }
    }

    private static func makeServer(
        _ id: ServerID, _ connector: BackingConnector, _ configuration: ProxyConfiguration, _ cache: ValueCache,
        on eventLoop: any EventLoop, _ logger: Logger
    ) -> EventLoopFuture<Server> {
        let coherence = Coherence(of: id, configuration: configuration, cache: cache, logger: logger)
        return eventLoop.perform {
            let monitor = ServerMonitor(
                connector: connector, configuration: configuration, coherence: coherence, cache: cache,
                eventLoop: eventLoop, logger: logger)
            return Server(
                id: id, connector: connector, coherence: coherence,
                monitor: ServerMonitorHandle(monitor, on: eventLoop))
        }
    }

    /// Calls `body` on every event loop.
    public func collect<Result: Sendable>(
        _ body: @escaping @Sendable (ProxyLoop) -> Result
    ) -> EventLoopFuture<[Result]> {
        EventLoopFuture<Result>.whenAllSucceed(
            all.map { parts in parts.eventLoop.perform { body(parts.value.loop) } }, on: eventLoop)
    }

    /// Connects to the servers.
    public func start() -> EventLoopFuture<Void> {
        collect { $0.start() }.flatMap { [self] _ in onEachServer { $0.start() } }
    }

    /// Other settings from now on: by one call for what all event loops share, and one for each of them.
    ///
    /// - Parameter http: Has the HTTP side of an event loop, if there is one, take what is changed for it.
    public func apply(
        _ settings: LiveSettings, http: @escaping @Sendable (any HTTPSide) -> Void = { _ in }
    ) -> EventLoopFuture<Void> {
        cache.change(to: settings.cache)
        for server in servers { server.coherence.apply(settings) }
        let applied = all.map { parts in
            parts.eventLoop.perform {
                parts.value.loop.apply(settings)
                parts.value.httpSide.map(http)
            }
        }
        return .andAllSucceed(applied.map { $0.map { _ in } }, on: eventLoop)
    }

    /// Lets every client finish what it has under way, then closes it; done when the last is gone.
    public func quiesce() -> EventLoopFuture<Void> {
        // All at once: one that takes long must not keep the others from being told.
        onEachLoop { $0.quiesce() }
    }

    /// A server is no longer the one that is meant.
    ///
    /// - Parameter close: Closes all connections to it. While that goes on nothing that was learned of it is given to anybody.
    /// - Returns: Done when nothing of it is left: what comes then is another server's.
    public func leave(
        _ server: ServerID, _ close: @escaping @Sendable () -> EventLoopFuture<Void>
    ) -> EventLoopFuture<Void> {
        let coherence = coherence(of: server)
        coherence.serverIsLeft()
        // Now, so that it does not stand in for what fails while the connections are closed, and once more for what still came on them.
        cache.flush()
        return close().map { [cache] in
            cache.flush()
            coherence.serverIsForgotten()
        }
    }

    /// A server is there: what waits for its next attempt to connect makes it now.
    public func found(_ server: ServerID) {
        let monitor = servers[Int(server.number)].monitor
        monitor.eventLoop.execute { monitor.value.hurry() }
        for parts in all { parts.eventLoop.execute { parts.value.loop.nodes[server].hurry() } }
    }

    /// Closes the connections to the servers.
    public func stop() -> EventLoopFuture<Void> {
        let stopped = servers.map { server in
            server.monitor.eventLoop.performFuture { server.monitor.value.stop() }
        }
        return EventLoopFuture.andAllSucceed(stopped, on: eventLoop).flatMap { [self] in onEachLoop { $0.stop() } }
    }

    private func onEachServer(_ body: @escaping @Sendable (ServerMonitor) -> Void) -> EventLoopFuture<Void> {
        .andAllSucceed(
            servers.map { server in server.monitor.eventLoop.perform { body(server.monitor.value) } }, on: eventLoop)
    }

    private func onEachLoop(_ body: @escaping @Sendable (ProxyLoop) -> EventLoopFuture<Void>) -> EventLoopFuture<Void> {
        .andAllSucceed(
            all.map { parts in parts.eventLoop.performFuture { body(parts.value.loop) } }, on: eventLoop)
    }
}

extension ProxyLoops: EventLoopPartsSource {
    /// The parts of one event loop.
    public func parts(of eventLoop: any EventLoop) -> EventLoopParts {
        guard let parts = byEventLoop[ObjectIdentifier(eventLoop)] else {
            preconditionFailure("a channel runs on an event loop of another group")
        }
        return parts.value
    }
}

extension EventLoop {
    /// Now, where this is the event loop already; else as soon as it can.
    fileprivate func perform<Result: Sendable>(_ body: @escaping @Sendable () -> Result) -> EventLoopFuture<Result> {
        inEventLoop ? makeSucceededFuture(body()) : submit(body)
    }

    fileprivate func performFuture(_ body: @escaping @Sendable () -> EventLoopFuture<Void>) -> EventLoopFuture<Void> {
        inEventLoop ? body() : flatSubmit(body)
    }
}
