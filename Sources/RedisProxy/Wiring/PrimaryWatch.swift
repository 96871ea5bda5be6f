import BackingClient
import LocalCache
import Logging
import NIOCore
import RESPProxy
import Synchronization
import Topology

/// Has the proxy follow the primary that Sentinels keep.
final class PrimaryWatch: Sendable {
    private let configuration: SentinelConfiguration
    private let location: ServerLocation
    private let server: BackingConfiguration
    private let loops: ProxyLoops
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let board = SentinelBoard()
    private let watch = Mutex<NIOLoopBound<SentinelWatch>?>(nil)

    /// - Parameter server: How the primary is connected to.
    /// - Returns: nil where no Sentinels keep the backing.
    init?(
        _ configuration: SentinelConfiguration?, location: ServerLocation?, server: BackingConfiguration,
        loops: ProxyLoops, eventLoop: any EventLoop, logger: Logger
    ) {
        guard let configuration, let location else { return nil }
        self.configuration = configuration
        self.location = location
        self.server = server
        self.loops = loops
        self.eventLoop = eventLoop
        self.logger = logger
    }

    /// What is known of it.
    var statistics: SentinelStatistics { board.statistics }

    /// Begins to look for it.
    func start() async throws {
        try await eventLoop.submit { [self] in
            let watch = SentinelWatch(
                configuration, location: location, server: server, follower: LoopsFollower(loops: loops), board: board,
                eventLoop: eventLoop, logger: logger)
            let bound = NIOLoopBound(watch, eventLoop: eventLoop)
            self.watch.withLock { $0 = bound }
            watch.start()
        }.get()
    }

    /// Closes the connections to the Sentinels.
    func stop() async throws {
        guard let watch = watch.withLock({ $0 }) else { return }
        try await eventLoop.flatSubmit { watch.value.stop() }.get()
    }
}

/// The event loops have the connections to the primary, and what was read from it.
private struct LoopsFollower: PrimaryFollower {
    let loops: ProxyLoops
    /// The one that Sentinels keep.
    let server = ServerID.first

    func primaryIsLeft(_ close: @escaping @Sendable () -> EventLoopFuture<Void>) -> EventLoopFuture<Void> {
        loops.leave(server, close)
    }

    func primaryIsFound() { loops.found(server) }
}
