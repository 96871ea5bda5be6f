import BackingClient
import LocalCache
import Logging
import NIOCore

/// The proxy's parts on every event loop of a group, and the cache that they share.
public final class ProxyLoops: Sendable {
    /// The event loops.
    public let group: any EventLoopGroup
    /// The cache that they share.
    public let cache: ValueCache
    /// Whether the cache may be believed.
    public let coherence: Coherence
    private let loops: [ObjectIdentifier: NIOLoopBound<ProxyLoop>]
    private let admission: NIOLoopBound<AdmissionWatch>
    private let limits: NIOLoopBound<ServerLimitsWatch>
    private let keeper: NIOLoopBound<CoherenceKeeper>?

    private init(
        group: any EventLoopGroup, cache: ValueCache, coherence: Coherence, admission: NIOLoopBound<AdmissionWatch>,
        limits: NIOLoopBound<ServerLimitsWatch>, keeper: NIOLoopBound<CoherenceKeeper>?,
        loops: [ObjectIdentifier: NIOLoopBound<ProxyLoop>]
    ) {
        self.coherence = coherence
        self.admission = admission
        self.limits = limits
        self.keeper = keeper
        self.group = group
        self.cache = cache
        self.loops = loops
    }

    /// Makes the parts; nothing is connected before ``start()``.
    public static func make(
        on group: any EventLoopGroup, configuration: ProxyConfiguration, logger: Logger
    ) async throws -> ProxyLoops {
        let cache = ValueCache(configuration: configuration.cache)
        let coherence = Coherence(configuration: configuration, cache: cache, logger: logger)
        let identifiers = ClientIdentifiers()
        var loops: [ObjectIdentifier: NIOLoopBound<ProxyLoop>] = [:]
        var lanes: [NIOLoopBound<ProxyLoop>] = []
        for (index, eventLoop) in group.makeIterator().enumerated() {
            let loop = try await eventLoop.submit {
                let loop = ProxyLoop(
                    index: index, eventLoop: eventLoop, configuration: configuration, cache: cache,
                    coherence: coherence, identifiers: identifiers, logger: logger)
                return NIOLoopBound(loop, eventLoop: eventLoop)
            }.get()
            loops[ObjectIdentifier(eventLoop)] = loop
            lanes.append(loop)
        }
        for loop in loops.values {
            let eventLoop = loop.eventLoop
            let eventLoops = loops.values.map { $0.eventLoop }
            try await eventLoop.submit { loop.value.settle = { settle(eventLoops, on: eventLoop) } }.get()
        }
        let limits = try await makeLimitsWatch(loops, group.next(), configuration)
        let admission = try await makeAdmissionWatch(loops, limits, group.next(), configuration)
        let keeper = try await makeKeeper(lanes, admission, configuration, cache, coherence, logger)
        return ProxyLoops(
            group: group, cache: cache, coherence: coherence, admission: admission, limits: limits, keeper: keeper,
            loops: loops)
    }

    private static func makeLimitsWatch(
        _ loops: [ObjectIdentifier: NIOLoopBound<ProxyLoop>], _ eventLoop: any EventLoop,
        _ configuration: ProxyConfiguration
    ) async throws -> NIOLoopBound<ServerLimitsWatch> {
        let loops = Array(loops.values)
        return try await eventLoop.submit {
            let watch = ServerLimitsWatch(
                connector: BackingConnector(configuration: configuration.backing), eventLoop: eventLoop
            ) { limits in
                for loop in loops { loop.eventLoop.execute { loop.value.limitsChanged(to: limits) } }
            }
            return NIOLoopBound(watch, eventLoop: eventLoop)
        }.get()
    }

    private static func makeAdmissionWatch(
        _ loops: [ObjectIdentifier: NIOLoopBound<ProxyLoop>], _ limits: NIOLoopBound<ServerLimitsWatch>,
        _ eventLoop: any EventLoop, _ configuration: ProxyConfiguration
    ) async throws -> NIOLoopBound<AdmissionWatch> {
        let loops = Array(loops.values)
        let watch = try await eventLoop.submit {
            let watch = AdmissionWatch(
                connector: BackingConnector(configuration: configuration.backing), eventLoop: eventLoop
            ) { isGranted, sent in
                for loop in loops { loop.eventLoop.execute { loop.value.admissionChanged(to: isGranted, sent: sent) } }
            }
            return NIOLoopBound(watch, eventLoop: eventLoop)
        }.get()
        for loop in loops {
            try await loop.eventLoop.submit {
                loop.value.askAdmission = { watch.eventLoop.execute { watch.value.askAnew() } }
                loop.value.askLimits = { limits.eventLoop.execute { limits.value.askAnew() } }
            }.get()
        }
        return watch
    }

    /// - Parameter loops: By the numbers of their lanes.
    /// - Returns: nil where nothing is to be announced.
    private static func makeKeeper(
        _ loops: [NIOLoopBound<ProxyLoop>], _ admission: NIOLoopBound<AdmissionWatch>,
        _ configuration: ProxyConfiguration, _ cache: ValueCache, _ coherence: Coherence, _ logger: Logger
    ) async throws -> NIOLoopBound<CoherenceKeeper>? {
        guard configuration.coherence != .expiry, let tracking = configuration.backing.tracking else { return nil }
        let eventLoop = admission.eventLoop
        let keeper = try await eventLoop.submit {
            let keeper = CoherenceKeeper(
                connector: BackingConnector(configuration: configuration.backing), tracking: tracking,
                coherence: coherence, cache: cache, eventLoop: eventLoop, logger: logger, admission: admission.value,
                announce: { feed in
                    for loop in loops { loop.eventLoop.execute { loop.value.feedChanged(to: feed) } }
                })
            return NIOLoopBound(keeper, eventLoop: eventLoop)
        }.get()
        coherence.started(BarrierWitnesses(keeper: keeper, loops: loops))
        return keeper
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

    /// Done once every event loop has done what it knew of, and what came of that: clients that had connected before are there.
    private static func settle(_ loops: [any EventLoop], on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        @Sendable func round() -> EventLoopFuture<Void> {
            .andAllSucceed(loops.map { $0.submit {} }, on: eventLoop)
        }
        // One loop accepts a client, another gets it.
        return round().flatMap { round() }
    }

    /// Starts the fill lanes.
    public func start() async throws {
        _ = try await collect { $0.start() }
        // The keeper asks whenever it looks at the server.
        if let keeper {
            try await keeper.eventLoop.submit { keeper.value.start() }.get()
        } else {
            try await admission.eventLoop.submit { [admission] in
                admission.value.start(every: Self.admissionInterval)
            }.get()
        }
    }

    private static let admissionInterval = TimeAmount.seconds(1)

    /// Lets every client finish what is in flight, then closes it; returns when the last is gone.
    public func quiesce() async throws {
        // All at once: one that takes long must not keep the others from being told.
        let ends = loops.values.map { loop in loop.eventLoop.flatSubmit { loop.value.quiesce() } }
        for end in ends { try await end.get() }
    }

    /// Closes the fill lanes.
    public func stop() async throws {
        try await admission.eventLoop.submit { [admission] in admission.value.stop() }.get()
        try await limits.eventLoop.submit { [limits] in limits.value.stop() }.get()
        if let keeper { try await keeper.eventLoop.flatSubmit { keeper.value.stop() }.get() }
        for loop in loops.values {
            try await loop.eventLoop.flatSubmit { loop.value.stop() }.get()
        }
    }
}
