import BackingClient
import NIOCore
import NIOEmbedded
import RESPProxy
import TestSupport
import Time
import Topology

/// A primary that is another one from time to time, and Sentinels that tell of it: late, wrongly, or not at all.
///
/// What the proxy does about it is its own: the state machine that decides, and what has one server left and the next one found.
final class ModelPrimaries {
    /// A Sentinel, and what it knows.
    private struct Sentinel {
        var named: Int
        var epoch: UInt64
        /// It hears nothing of the others, and goes on telling what it knew.
        var isCutOff = false
    }

    /// Longer than it may take until a change is noticed, so that one change is judged at a time.
    private static let rest: UInt64 = 5_000_000_000
    private static let millisecond: UInt64 = 1_000_000

    let location = ServerLocation(absence: .noPrimary(of: "model", because: "not known yet"))
    private(set) var failovers = 0
    private var servers: [ModelServer]
    private var current = 0
    private var sentinels: [Sentinel]
    private var machine: SentinelStateMachine
    private let eventLoop: EmbeddedEventLoop
    private var succession: Succession?
    private var generator: SeededGenerator
    private var events: [(time: UInt64, happen: () -> Void)] = []
    private var lastFailover: UInt64
    private var isStopped = false
    private var note: (String) -> Void = { _ in }

    init(_ first: ModelServer, seed: UInt64, on eventLoop: EmbeddedEventLoop) {
        servers = [first]
        self.eventLoop = eventLoop
        generator = SeededGenerator(seed: seed &+ 1)
        sentinels = (0..<3).map { _ in Sentinel(named: 0, epoch: 1) }
        lastFailover = World.now
        machine = SentinelStateMachine(
            sentinels: (0..<3).map { Self.address("sentinel", $0) }, heartbeat: .seconds(1))
        // In half of all worlds one goes on telling of a primary that there was long ago.
        sentinels[0].isCutOff = seed.isMultiple(of: 2)
    }

    private static var moment: Instant { Instant(nanoseconds: World.now) }

    private static func address(_ kind: String, _ number: Int) -> BackingAddress { .tcp(host: kind, port: number + 1) }

    /// The one that holds what is true.
    var primary: ModelServer { servers[current] }

    /// To which of them one connects now.
    func server() -> ModelServer? {
        guard case .tcp(_, let port)? = location.place?.address, servers.indices.contains(port - 1) else { return nil }
        return servers[port - 1]
    }

    func start(_ proxy: ProxyLoops, note: @escaping (String) -> Void) {
        self.note = note
        succession = Succession(of: location, follower: Follower(proxy: proxy), eventLoop: eventLoop)
        perform(machine.start(now: Self.moment))
    }

    func stop() {
        isStopped = true
        succession?.stop()
        events = []
    }

    // MARK: What happens

    private func draw(_ range: ClosedRange<UInt64>) -> UInt64 { UInt64.random(in: range, using: &generator) }

    private func later(_ milliseconds: ClosedRange<UInt64>, _ happen: @escaping () -> Void) {
        events.append((World.now + draw(milliseconds) * Self.millisecond, happen))
    }

    /// Lets happen what is due.
    func timePassed() {
        let now = World.now
        while let place = events.firstIndex(where: { $0.time <= now }), !isStopped { events.remove(at: place).happen() }
        perform(machine.timePassed(now: Self.moment))
    }

    /// Another server becomes the primary; some Sentinels may name it before it is.
    func failOver() {
        guard World.now > lastFailover + Self.rest else { return }
        lastFailover = World.now
        failovers += 1
        let old = current
        let new = servers.count
        servers.append(ModelServer(replicaOf: servers[old], run: 1000 + new))
        note("a failover begins, from server \(old) to \(new)")
        later(100...300) { [self] in
            servers[new].promote(over: servers[old])
            current = new
            note("server \(new) is the primary")
        }
        let epoch = UInt64(failovers + 1)
        for number in sentinels.indices where !sentinels[number].isCutOff {
            later(50...700) { [self] in
                sentinels[number].named = new
                sentinels[number].epoch = epoch
                note("Sentinel \(number) knows of it")
                // What it announces may be lost.
                if draw(0...2) > 0 { announce(number) }
            }
        }
        // The old one goes on calling itself a primary for a while.
        later(2000...4500) { [self] in servers[old].killAll() }
    }

    private func announce(_ number: Int) {
        later(0...50) { [self] in
            perform(
                machine.announced(
                    SentinelEvent(channel: "+switch-master", text: "whatever"), by: Self.address("sentinel", number),
                    now: Self.moment))
        }
    }

    // MARK: What the machine wants done

    private func perform(_ actions: [SentinelStateMachine.Action]) {
        guard !isStopped else { return }
        for action in actions { perform(action) }
    }

    private func perform(_ action: SentinelStateMachine.Action) {
        switch action {
        case .subscribe(let sentinel):
            later(0...20) { [self] in perform(machine.subscriptionIsUp(to: sentinel)) }
        case .unsubscribe: break
        case .ask(let sentinel):
            guard case .tcp(_, let port) = sentinel else { return }
            // It is on its way for a while, and may be old news when it comes.
            let known = sentinels[port - 1]
            let answer: Result<SentinelAnswer, BackingError> =
                draw(0...9) == 0
                ? .failure(BackingError(code: .timedOut, message: []))
                : .success(.primary(address: Self.address("server", known.named), epoch: known.epoch, others: []))
            later(1...300) { [self] in perform(machine.answered(answer, by: sentinel, now: Self.moment)) }
        case .askRole(let address, let attempt, let delay):
            guard case .tcp(_, let port) = address else { return }
            let milliseconds = UInt64(max(0, delay.nanoseconds)) / Self.millisecond
            later(milliseconds...milliseconds + 200) { [self] in
                guard draw(0...9) > 0 else {
                    return perform(machine.roleIsUnknown(BackingError(code: .timedOut, message: []), attempt: attempt))
                }
                let role: ServerRole = servers[port - 1].role == .replica ? .replica : .primary
                perform(machine.hasRole(role, attempt: attempt))
            }
        case .leave(let absence):
            note("the proxy leaves its server: \(absence)")
            _ = succession?.leave(because: .noPrimary(of: "model", because: "\(absence)"))
        case .follow(let primary):
            note("the proxy follows \(primary.address)")
            succession?.find(ServerPlace(announced: primary.address, address: primary.address)) {}
        }
    }
}

private struct Follower: PrimaryFollower {
    let proxy: ProxyLoops

    func primaryIsLeft(_ close: @escaping @Sendable () -> EventLoopFuture<Void>) -> EventLoopFuture<Void> {
        proxy.leave(.first, close)
    }

    func primaryIsFound() { proxy.found(.first) }
}
