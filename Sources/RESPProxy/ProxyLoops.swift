import LocalCache
import Logging
import NIOCore

/// The proxy's parts on every event loop of a group, and the cache that they share.
public final class ProxyLoops: Sendable {
    /// The event loops.
    public let group: any EventLoopGroup
    /// The cache that they share.
    public let cache: ValueCache
    private let loops: [ObjectIdentifier: NIOLoopBound<ProxyLoop>]

    private init(group: any EventLoopGroup, cache: ValueCache, loops: [ObjectIdentifier: NIOLoopBound<ProxyLoop>]) {
        self.group = group
        self.cache = cache
        self.loops = loops
    }

    /// Makes the parts; nothing is connected before ``start()``.
    public static func make(
        on group: any EventLoopGroup, configuration: ProxyConfiguration, logger: Logger
    ) async throws -> ProxyLoops {
        let cache = ValueCache(configuration: configuration.cache)
        var loops: [ObjectIdentifier: NIOLoopBound<ProxyLoop>] = [:]
        for (index, eventLoop) in group.makeIterator().enumerated() {
            loops[ObjectIdentifier(eventLoop)] = try await eventLoop.submit {
                let loop = ProxyLoop(
                    index: index, eventLoop: eventLoop, configuration: configuration, cache: cache, logger: logger)
                return NIOLoopBound(loop, eventLoop: eventLoop)
            }.get()
        }
        return ProxyLoops(group: group, cache: cache, loops: loops)
    }

    /// The parts of one event loop; to be called on it.
    subscript(eventLoop: any EventLoop) -> ProxyLoop {
        guard let loop = loops[ObjectIdentifier(eventLoop)] else {
            preconditionFailure("a channel runs on an event loop of another group")
        }
        return loop.value
    }

    /// Calls `body` on every event loop.
    public func collect<Result: Sendable>(_ body: @escaping @Sendable (ProxyLoop) -> Result) async throws -> [Result] {
        var results: [Result] = []
        for loop in loops.values {
            results.append(try await loop.eventLoop.submit { body(loop.value) }.get())
        }
        return results
    }

    /// Starts the fill lanes.
    public func start() async throws {
        _ = try await collect { $0.start() }
    }

    /// Lets every client finish what is in flight, then closes it; returns when the last is gone.
    public func quiesce() async throws {
        for loop in loops.values {
            try await loop.eventLoop.flatSubmit { loop.value.quiesce() }.get()
        }
    }

    /// Closes the fill lanes.
    public func stop() async throws {
        for loop in loops.values {
            try await loop.eventLoop.flatSubmit { loop.value.stop() }.get()
        }
    }
}
