import BackingClient
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing
import Time

@Suite("Feed and tracked lane on a real server", .serialized)
struct InvalidationFeedServerTests {
    /// Heartbeats in quick succession, and no time-out that a busy machine could run into.
    fileprivate static let patient = TrackingConfiguration(heartbeat: .milliseconds(100), timeout: .seconds(60))

    @Test("what a tracked lane has read is announced before the next barrier, and what it has not is not")
    func announced() async throws {
        let server = try RedisServer()
        try server.command("SET", "k", "1")
        try await TrackedLane.with(server) { lane in
            let reply = try await lane.fetch("k")
            #expect(reply.outcome == .value(.text("1"), timeToLive: nil))
            #expect(reply.generation == 1)
            try server.command("SET", "k", "2")
            try server.command("SET", "other", "2")
            try await lane.barrier()
            #expect(lane.events == ["up", "drop k"])
            try server.command("FLUSHALL")
            try await lane.barrier()
            #expect(lane.events == ["up", "drop k", "flush"])
        }
    }

    @Test("the feed is killed: its generation ends, and the lane redirects to the next one in place")
    func feedKilled() async throws {
        let server = try RedisServer()
        try await TrackedLane.with(server) { lane in
            try server.command("CLIENT", "KILL", "TYPE", "pubsub")
            try await until("tracked anew") { lane.generation == 2 }
            #expect(lane.events == ["up", "down", "up"])
            #expect(try await lane.fetch("k").generation == 2)
            try server.command("SET", "k", "2")
            try await lane.barrier()
            #expect(lane.events.last == "drop k")
        }
    }

    @Test("the lane is killed: the next connection is tracked by the same feed")
    func laneKilled() async throws {
        let server = try RedisServer()
        try await TrackedLane.with(server) { lane in
            try server.command("CLIENT", "KILL", "TYPE", "normal")
            try await until("tracked anew") { lane.trackings == [1, 1] }
            #expect(lane.events == ["up"])
        }
    }

    @Test("the server restarts: both come back, to the server that is there now")
    func restarted() async throws {
        let server = try RedisServer()
        try await TrackedLane.with(server) { lane in
            try server.restart()
            try await until("tracked anew") { lane.trackings.count >= 2 && lane.events.last == "up" }
            try await until("a fill is tracked by it") { try await lane.fetch("k").generation == lane.generation }
            try server.command("SET", "k", "2")
            try await lane.barrier()
            #expect(lane.events.last == "drop k")
        }
    }

    @Test("broadcast: keys with the prefix are announced without having been read, also to the second feed")
    func broadcast() async throws {
        let server = try RedisServer()
        var tracking = Self.patient
        tracking.broadcastPrefixes = [Array("a:".utf8)]
        try await TrackedLane.with(server, tracking) { lane in
            try server.command("CLIENT", "KILL", "TYPE", "pubsub")
            try await until("tracked anew") { lane.generation == 2 }
            try server.command("SET", "a:1", "x")
            try server.command("SET", "b:1", "x")
            try await lane.barrier()
            #expect(lane.events == ["up", "down", "up", "drop a:1"])
        }
    }

    @Test("frozen: no barrier is answered, and what was announced meanwhile comes in order")
    func frozen() async throws {
        let server = try RedisServer()
        try await TrackedLane.with(server) { lane in
            _ = try await lane.fetch("k")
            try server.command("SET", "k", "2")
            try await lane.barrier()
            try server.freeze()
            let frozen = MonotonicClock.now()
            // Some heartbeats.
            try await Task.sleep(for: .milliseconds(400))
            let answered = lane.lastAnswered
            server.thaw()
            #expect(answered <= frozen)
            try await until("it answers again") { lane.lastAnswered > frozen }
            #expect(lane.events == ["up", "drop k"])
        }
    }

    @Test("a user that may not subscribe hears which command was refused")
    func refused() async throws {
        let server = try RedisServer(users: ["filler on >pw ~* +@all resetchannels"])
        let configuration = BackingConfiguration.local(server).with {
            $0.username = "filler"
            $0.password = Array("pw".utf8)
        }
        try await TrackedLane.with(configuration, awaitsTracking: false) { lane in
            try await until("it is told") { lane.events.contains { $0.hasPrefix("down SUBSCRIBE") } }
        }
    }
}

/// A feed and a fill lane on one event loop, wired as the proxy wires them.
private final class TrackedLane: InvalidationFeedObserver, FillLaneObserver, Sendable {
    private struct State {
        var events: [String] = []
        var trackings: [UInt64] = []
        var lastAnswered: Instant = 0
    }

    private let eventLoop: any EventLoop
    private let state = Mutex(State())
    private let parts: Mutex<NIOLoopBound<(feed: InvalidationFeed, lane: FillLane)>?> = Mutex(nil)

    var events: [String] { self.state.withLock { $0.events } }
    var trackings: [UInt64] { self.state.withLock { $0.trackings } }
    var generation: UInt64 { self.trackings.last ?? 0 }
    var lastAnswered: Instant { self.state.withLock { $0.lastAnswered } }

    private init() { self.eventLoop = MultiThreadedEventLoopGroup.singleton.next() }

    static func with(
        _ server: RedisServer, _ tracking: TrackingConfiguration = InvalidationFeedServerTests.patient,
        _ body: (TrackedLane) async throws -> Void
    ) async throws {
        try await self.with(.local(server).with { $0.tracking = tracking }, body)
    }

    static func with(
        _ configuration: BackingConfiguration, awaitsTracking: Bool = true, _ body: (TrackedLane) async throws -> Void
    ) async throws {
        let tracked = TrackedLane()
        let parts = try await tracked.eventLoop.submit {
            let connector = BackingConnector(configuration: configuration)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let feed = InvalidationFeed(
                connector: connector, tracking: configuration.tracking ?? InvalidationFeedServerTests.patient,
                eventLoop: tracked.eventLoop, logger: logger)
            let lane = FillLane(
                index: 0, connector: connector, eventLoop: tracked.eventLoop, logger: logger, observer: tracked)
            feed.observer = tracked
            let parts = NIOLoopBound((feed: feed, lane: lane), eventLoop: tracked.eventLoop)
            tracked.parts.withLock { $0 = parts }
            lane.start()
            feed.start()
            return parts
        }.get()
        let result: Result<Void, any Error>
        do {
            if awaitsTracking { try await until("tracked") { tracked.generation > 0 } }
            result = .success(try await body(tracked))
        } catch {
            result = .failure(error)
        }
        try await tracked.eventLoop.flatSubmit { parts.value.feed.close().and(parts.value.lane.close()).map { _ in } }
            .get()
        try result.get()
    }

    func fetch(_ key: String) async throws -> FillReply {
        try await self.eventLoop.flatSubmit {
            let promise = self.eventLoop.makePromise(of: FillReply.self)
            self.parts.withLock { $0 }?.value.lane.fetch(key) { promise.succeed($0) }
            return promise.futureResult
        }.get()
    }

    func barrier() async throws {
        let since = MonotonicClock.now()
        try await self.eventLoop.submit { self.parts.withLock { $0 }?.value.feed.ask(since: since) }.get()
        try await until("it is answered") { self.lastAnswered > since }
    }

    private func note(_ event: String) { self.state.withLock { $0.events.append(event) } }

    func feedIsUp(_ identity: FeedIdentity, sent: Instant) {
        self.note("up")
        self.parts.withLock { $0 }?.value.lane.feedChanged(to: identity)
    }

    func feedInvalidated(_ keys: [ByteBuffer]) {
        for key in keys { self.note("drop \(String(buffer: key))") }
    }

    func feedInvalidatedAll() { self.note("flush") }

    func feedAnswered(sent: Instant) { self.state.withLock { $0.lastAnswered = sent } }

    func feedIsDown(_ error: BackingError, refusal: FeedRefusal?) {
        self.parts.withLock { $0 }?.value.lane.feedChanged(to: nil)
        let wasUp = self.events.last != nil && self.events.last?.hasPrefix("down") == false
        if let refusal { self.note("down \(refusal.command)") } else if wasUp { self.note("down") }
    }

    func fillLaneIsUp(_ lane: FillLane, commandTable: ByteBuffer?) {}
    func fillLaneIsDown(_ lane: FillLane, error: BackingError) {}

    func fillLane(_ lane: FillLane, isTrackedBy generation: UInt64) {
        self.state.withLock { $0.trackings.append(generation) }
    }
}
