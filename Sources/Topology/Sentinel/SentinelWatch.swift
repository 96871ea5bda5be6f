import BackingClient
import Glibc
import Logging
import NIOCore
import Time

/// Finds the primary that Sentinels keep, and has it followed: carries out what ``SentinelStateMachine`` decides, on one event loop.
public final class SentinelWatch {
    /// How often the machine is told the time.
    private static let tick = TimeSpan.milliseconds(100)
    /// There may be none for so long in a failover before the log tells of it.
    private static let quietTime = TimeSpan.seconds(1)

    private let configuration: SentinelConfiguration
    private let location: ServerLocation
    private let succession: Succession
    private let server: BackingConnector
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let board: SentinelBoard
    private var machine: SentinelStateMachine
    private var subscriptions: [BackingAddress: SentinelSubscription] = [:]
    private var ticking: Scheduled<Void>?
    private var isStopped = false
    private var lastFollowed: BackingAddress?
    private var absentSince: Instant?
    private var complaint: String?

    /// - Parameters:
    ///   - location: told where the primary is.
    ///   - server: how the primary is connected to; its address does not count.
    ///   - board: where what is known is written down.
    public init(
        _ configuration: SentinelConfiguration, location: ServerLocation, server: BackingConfiguration,
        follower: any PrimaryFollower, board: SentinelBoard = SentinelBoard(), eventLoop: any EventLoop, logger: Logger
    ) {
        self.configuration = configuration
        self.location = location
        self.succession = Succession(of: location, follower: follower, eventLoop: eventLoop)
        self.server = BackingConnector(configuration: server)
        self.eventLoop = eventLoop
        self.logger = logger
        self.board = board
        machine = SentinelStateMachine(
            sentinels: configuration.sentinels, heartbeat: configuration.heartbeat)
    }

    /// To be called on the event loop, as everything here.
    public func start() {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        location.onDoubt { bound.eventLoop.execute { bound.value.tell { $0.doubted() } } }
        absentSince = MonotonicClock.now()
        scheduleTick()
        tell { $0.start(now: MonotonicClock.now()) }
    }

    /// Closes the connections to the Sentinels.
    public func stop() -> EventLoopFuture<Void> {
        isStopped = true
        succession.stop()
        ticking?.cancel()
        location.onDoubt(nil)
        let closed = subscriptions.values.map { $0.close() }
        subscriptions = [:]
        return .andAllComplete(closed, on: eventLoop)
    }

    private func scheduleTick() {
        ticking = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(Self.tick)) { [self] in
            let now = MonotonicClock.now()
            tell { $0.timePassed(now: now) }
            complain(now: now)
            if !isStopped { scheduleTick() }
        }
    }

    // MARK: Carrying out

    private func tell(_ event: (inout SentinelStateMachine) -> [SentinelStateMachine.Action]) {
        guard !isStopped else { return }
        for action in event(&machine) { perform(action) }
        let count = machine.count
        board.update { ($0.known, $0.up) = count }
    }

    private func perform(_ action: SentinelStateMachine.Action) {
        switch action {
        case .subscribe(let sentinel):
            let subscription = SentinelSubscription(
                to: sentinel, connector: connector(to: sentinel), heartbeat: configuration.heartbeat,
                timeout: configuration.timeout, eventLoop: eventLoop, logger: logger, subscriber: self)
            subscriptions[sentinel] = subscription
            subscription.start()
        case .unsubscribe(let sentinel): _ = subscriptions.removeValue(forKey: sentinel)?.close()
        case .ask(let sentinel): ask(sentinel)
        case .askRole(let address, let attempt, let delay): askRole(address, attempt, delay)
        case .leave(let absence): leave(absence)
        case .follow(let primary): follow(primary)
        }
    }

    private func connector(to sentinel: BackingAddress) -> BackingConnector {
        BackingConnector(configuration: configuration.connection).at(configuration.place(of: sentinel))
    }

    private func ask(_ sentinel: BackingAddress) {
        connector(to: sentinel).askSentinel(
            forPrimary: configuration.name, within: configuration.timeout, on: eventLoop
        ).assumeIsolated().whenComplete { [self] result in
            let answer = result.mapError { $0 as? BackingError ?? .lostSentinel(sentinel) }
            tell { $0.answered(answer, by: sentinel, now: MonotonicClock.now()) }
        }
    }

    private func askRole(_ address: BackingAddress, _ attempt: UInt64, _ delay: TimeSpan) {
        guard delay == .zero else {
            eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [self] in
                if !isStopped { askRole(address, attempt, .zero) }
            }
            return
        }
        server.at(configuration.place(of: address)).readRole(on: eventLoop).assumeIsolated().whenComplete {
            [self] result in
            switch result {
            case .success(let role): tell { $0.hasRole(role, attempt: attempt) }
            case .failure(let error):
                let error = error as? BackingError ?? .lostSentinel(address)
                tell { $0.roleIsUnknown(error, attempt: attempt) }
            }
        }
    }

    private func leave(_ absence: Absence) {
        board.update { board in
            board.absence = absence
            board.primary = nil
        }
        let error = BackingError.noPrimary(of: configuration.name, because: "\(absence)")
        if succession.leave(because: error) { absentSince = MonotonicClock.now() }
    }

    private func follow(_ primary: Primary) {
        succession.find(configuration.place(of: primary.address)) { [self] in
            absentSince = nil
            complaint = nil
            let isAnother = lastFollowed != nil && lastFollowed != primary.address
            board.update { board in
                board.primary = primary.address
                board.absence = nil
                board.since = time(nil)
                if isAnother { board.changes += 1 }
            }
            announce(primary)
            lastFollowed = primary.address
        }
    }

    // MARK: The log

    private func announce(_ primary: Primary) {
        let name = configuration.name
        let metadata: Logger.Metadata = ["epoch": "\(primary.epoch)"]
        switch lastFollowed {
        case nil: logger.info("the primary of \(name) is \(primary.address)", metadata: metadata)
        case primary.address: logger.notice("the primary of \(name) is \(primary.address) again", metadata: metadata)
        case let before?:
            logger.notice("the primary of \(name) is \(primary.address) now, and was \(before)", metadata: metadata)
        }
    }

    /// Says once that there is none, where that is no moment's matter.
    private func complain(now: Instant) {
        guard let absentSince, now - absentSince >= Self.quietTime, let absence = board.statistics.absence else {
            return
        }
        let text = "\(absence)"
        guard text != complaint else { return }
        complaint = text
        logger.warning("there is no primary of \(configuration.name): \(text)")
    }
}

extension SentinelWatch: SentinelSubscriber {
    /// It can be asked from here on.
    public func subscriptionIsUp(to sentinel: BackingAddress) { tell { $0.subscriptionIsUp(to: sentinel) } }

    /// Whatever it is, all are asked.
    public func sentinel(_ sentinel: BackingAddress, announced event: SentinelEvent) {
        tell { $0.announced(event, by: sentinel, now: MonotonicClock.now()) }
    }

    /// What it said last does not count any more.
    public func subscriptionIsDown(to sentinel: BackingAddress, error: BackingError) {
        tell { $0.subscriptionIsDown(to: sentinel, error: error, now: MonotonicClock.now()) }
    }
}

extension BackingError {
    fileprivate static func lostSentinel(_ address: BackingAddress) -> BackingError {
        BackingError(code: .unavailable, message: Array("ERR redis-proxy: \(address) is not reachable".utf8))
    }
}
