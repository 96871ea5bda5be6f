import BackingClient
import LocalCache
import Logging
import NIOCore

/// The proxy, put together: its parts on every event loop, and what they share.
///
/// The program, the simulation and the tests make it here and nowhere else. Event loops may be of any kind.
public final class ProxyLoops: Sendable {
    /// The parts of one event loop, for its listeners.
    struct Parts {
        let loop: ProxyLoop
        /// Takes the HTTP connections; nil = everything is RESP.
        let httpSide: (any HTTPSide)?
    }

    /// The cache that all event loops share.
    public let cache: ValueCache
    /// Whether the cache may be believed.
    public let coherence: Coherence
    private let monitor: ServerMonitorHandle
    /// In the order of the event loops.
    private let all: [NIOLoopBound<Parts>]
    private let byEventLoop: [ObjectIdentifier: NIOLoopBound<Parts>]

    private init(shared: SharedParts, parts: [NIOLoopBound<Parts>]) {
        cache = shared.cache
        coherence = shared.coherence
        monitor = shared.monitor
        all = parts
        byEventLoop = Dictionary(
            parts.map { (ObjectIdentifier($0.eventLoop), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Makes the parts; nothing is connected before ``start()``.
    ///
    /// - Parameters:
    ///   - eventLoops: At least one; on the first of them the server is asked what concerns all.
    ///   - connector: Opens the connections to the server; nil = one of sockets.
    ///   - httpSide: Makes what takes the HTTP connections of an event loop, on it; nil = everything is RESP.
    public static func make(
        on eventLoops: [any EventLoop], configuration: ProxyConfiguration, connector: BackingConnector? = nil,
        logger: Logger, httpSide: (@Sendable (ProxyLoop) -> any HTTPSide)? = nil
    ) -> EventLoopFuture<ProxyLoops> {
        let first = eventLoops[0]
        let connector = connector ?? BackingConnector(configuration: configuration.backing)
        let cache = ValueCache(configuration: configuration.cache)
        let coherence = Coherence(configuration: configuration, cache: cache, logger: logger)
        let monitor = first.perform {
            ServerMonitorHandle(
                ServerMonitor(
                    connector: connector, configuration: configuration, coherence: coherence, cache: cache,
                    eventLoop: first, logger: logger), on: first)
        }
        return monitor.map { monitor in
            SharedParts(
                configuration: configuration, connector: connector, cache: cache, coherence: coherence,
                monitor: monitor, allLoops: EventLoopTurns(eventLoops), logger: logger)
        }.flatMap { shared in
            let parts = eventLoops.enumerated().map { index, eventLoop in
                eventLoop.perform {
                    let loop = ProxyLoop(index: index, eventLoop: eventLoop, shared: shared)
                    let parts = Parts(loop: loop, httpSide: httpSide?(loop))
                    return (NIOLoopBound(parts, eventLoop: eventLoop), loop.handles)
                }
            }
            return EventLoopFuture.whenAllSucceed(parts, on: first).map { parts in
                shared.monitor.value.serve(parts.flatMap { $0.1 })
                return ProxyLoops(shared: shared, parts: parts.map { $0.0 })
            }
        }
    }

    /// The parts of one event loop; to be called on it.
    subscript(eventLoop: any EventLoop) -> Parts {
        guard let parts = byEventLoop[ObjectIdentifier(eventLoop)] else {
            preconditionFailure("a channel runs on an event loop of another group")
        }
        return parts.value
    }

    /// Calls `body` on every event loop.
    public func collect<Result: Sendable>(
        _ body: @escaping @Sendable (ProxyLoop) -> Result
    ) -> EventLoopFuture<[Result]> {
        EventLoopFuture<Result>.whenAllSucceed(
            all.map { parts in parts.eventLoop.perform { body(parts.value.loop) } }, on: monitor.eventLoop)
    }

    /// Connects to the server.
    public func start() -> EventLoopFuture<Void> {
        collect { $0.start() }.flatMap { [monitor] _ in monitor.eventLoop.perform { monitor.value.start() } }
    }

    /// Lets every client finish what it has under way, then closes it; done when the last is gone.
    public func quiesce() -> EventLoopFuture<Void> {
        // All at once: one that takes long must not keep the others from being told.
        onEachLoop { $0.quiesce() }
    }

    /// Closes the connections to the server.
    public func stop() -> EventLoopFuture<Void> {
        monitor.eventLoop.performFuture { [monitor] in monitor.value.stop() }.flatMap { [self] in
            onEachLoop { $0.stop() }
        }
    }

    private func onEachLoop(_ body: @escaping @Sendable (ProxyLoop) -> EventLoopFuture<Void>) -> EventLoopFuture<Void> {
        .andAllSucceed(
            all.map { parts in parts.eventLoop.performFuture { body(parts.value.loop) } }, on: monitor.eventLoop)
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
