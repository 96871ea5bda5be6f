import BackingClient
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

/// A fill lane on an event loop of its own choosing, driven from a test's task.
final class LaneUnderTest: Sendable {
    let eventLoop: any EventLoop
    let log = RecordedLog()
    let observer = RecordingObserver()
    private let lane: NIOLoopBound<FillLane>

    /// A lane that has been started.
    init(_ configuration: BackingConfiguration) async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let (log, observer) = (self.log, self.observer)
        self.eventLoop = eventLoop
        self.lane = try await eventLoop.submit {
            let lane = FillLane(
                index: 0, connector: BackingConnector(configuration: configuration), eventLoop: eventLoop,
                logger: log.logger, observer: observer)
            lane.start()
            return NIOLoopBound(lane, eventLoop: eventLoop)
        }.get()
    }

    var isReady: Bool {
        get async throws { try await self.eventLoop.submit { self.lane.value.isReady }.get() }
    }

    func untilReady() async throws {
        try await until("the lane is ready") { try await self.isReady }
    }

    /// Fetches all keys in one turn of the event loop.
    func fetch(_ keys: [String]) async throws -> [FillReply] {
        try await self.eventLoop.flatSubmit {
            let promises = keys.map { key in
                let promise = self.eventLoop.makePromise(of: FillReply.self)
                let isInside = NIOLoopBoundBox(true, eventLoop: self.eventLoop)
                self.lane.value.fetch(key) { reply in
                    precondition(!isInside.value, "completed before fetch returned")
                    promise.succeed(reply)
                }
                isInside.value = false
                return promise
            }
            return EventLoopFuture.whenAllSucceed(promises.map(\.futureResult), on: self.eventLoop)
        }.get()
    }

    func fetch(_ key: String) async throws -> FillReply.Outcome {
        try await self.fetch([key])[0].outcome
    }

    func expect(
        _ key: String, _ expected: FillReply.Outcome, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let outcome = try await self.fetch(key)
        #expect(outcome == expected, sourceLocation: sourceLocation)
    }

    func close() async throws {
        try await self.eventLoop.flatSubmit { self.lane.value.close() }.get()
    }
}

/// Tells a closure what one fetch has brought.
private final class Completion: FetchReceiver {
    private let body: (FillReply) -> Void

    init(_ body: @escaping (FillReply) -> Void) { self.body = body }

    func fetchEnded(_ fetch: Fetch, with reply: FillReply) { self.body(reply) }
}

extension FillLane {
    func fetch(_ key: String, completion: @escaping (FillReply) -> Void) {
        self.fetch(Fetch(.get, key: ByteBuffer(string: key), tag: 0, receiver: Completion(completion)))
    }
}

/// Runs `body` with a started lane, which is closed afterwards in any case.
func withLane(_ configuration: BackingConfiguration, _ body: (LaneUnderTest) async throws -> Void) async throws {
    let lane = try await LaneUnderTest(configuration)
    do {
        try await body(lane)
    } catch {
        try await lane.close()
        throw error
    }
    try await lane.close()
}

/// Waits for `condition` without holding up the thread, also where it does not suspend.
func until(_ what: String, _ condition: () async throws -> Bool) async throws {
    try await eventually(what) { () async throws -> Bool in try await condition() }
}

/// Remembers the ups and downs of a lane.
final class RecordingObserver: FillLaneObserver, Sendable {
    enum Event: Equatable {
        case up(commandTable: ByteBuffer?)
        case down(BackingError)
    }

    private let recorded = Mutex<[Event]>([])

    var events: [Event] { self.recorded.withLock { $0 } }
    var errors: [BackingError] { self.events.compactMap { if case .down(let error) = $0 { error } else { nil } } }
    var ups: Int { self.events.count { if case .up = $0 { true } else { false } } }

    func fillLaneIsUp(_ lane: FillLane, commandTable: ByteBuffer?) {
        self.recorded.withLock { $0.append(.up(commandTable: commandTable)) }
    }

    func fillLaneIsDown(_ lane: FillLane, error: BackingError) {
        self.recorded.withLock { $0.append(.down(error)) }
    }
}

/// Remembers what is logged.
final class RecordedLog: Sendable {
    private let recorded = Mutex<[(level: Logger.Level, text: String)]>([])

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }
    var everything: [String] { self.recorded.withLock { $0.map(\.text) } }

    func lines(_ level: Logger.Level) -> [String] {
        self.recorded.withLock { $0.filter { $0.level == level }.map(\.text) }
    }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        init(log: RecordedLog) { self.log = log }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            self.log.recorded.withLock { $0.append((event.level, "\(event.message) \(self.metadata)")) }
        }
    }
}

extension BackingConfiguration {
    static func local(_ server: RedisServer) -> BackingConfiguration { .local(port: server.port) }

    static func local(port: Int) -> BackingConfiguration {
        // On a busy machine a test may come late to its own lane. No PING is then to come between it and what it expects.
        BackingConfiguration(
            address: .tcp(host: "127.0.0.1", port: port), commandTimeout: .seconds(30), idleTimeout: .seconds(3600))
    }

    func with(_ change: (inout BackingConfiguration) -> Void) -> BackingConfiguration {
        var copy = self
        change(&copy)
        return copy
    }
}

extension FillReply.Outcome {
    var error: BackingError? { if case .failure(let error) = self { error } else { nil } }
}

extension ByteBuffer {
    static func text(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }
}
