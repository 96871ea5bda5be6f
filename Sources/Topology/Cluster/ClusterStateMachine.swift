import BackingClient
import Time

/// What is known of a cluster, and whom of it to ask, and when.
///
/// One node at a time is asked for `CLUSTER NODES`: in each heartbeat, and soon after something suggests that what is known is old. A `MOVED` does no more
/// than that, since a script can forge it: what counts is what nodes answer when they are asked. An answer that shares no node with what is known is another
/// cluster's, which may have got the address; one in which nobody owns a slot is of a node that is in no cluster, or not yet.
public struct ClusterStateMachine<Generator: RandomNumberGenerator> {
    /// What is to be done about an event.
    public enum Action: Equatable {
        /// Ask a node for `CLUSTER NODES`.
        case ask(BackingAddress)
        /// Slots have changed hands.
        case changed([SlotMap.Change])
    }

    /// Why something is to be asked anew.
    public enum Doubt: Equatable {
        /// A node has refused a command with `MOVED`, and so knows more than we do.
        case moved(by: BackingAddress)
        /// A connection to a node was lost, or it has said `CLUSTERDOWN` or `READONLY`: others know more than it does.
        case suspect(BackingAddress)
    }

    /// At most so often a node is asked: while slots move there are many doubts.
    static var interval: TimeSpan { .milliseconds(100) }
    /// Up to so long a question is put off at random, so that many proxies do not ask at once.
    static var jitter: TimeSpan { .milliseconds(100) }

    private let seeds: [BackingAddress]
    private let heartbeat: TimeSpan
    private var generator: Generator
    /// Who owns which slot.
    public private(set) var slots = SlotMap()
    private var nodes: [ClusterNodeID: ClusterNode] = [:]
    /// Where nodes are that have answered: of itself a node may not know.
    private var addresses: [ClusterNodeID: BackingAddress] = [:]
    /// Who is asked, and has not answered yet.
    private var asked: BackingAddress?
    /// Who is to be asked next, one after the other until one has answered; empty: any.
    private var candidates: [BackingAddress] = []
    /// When the next question is due. While one is under way: the one behind it, where something has come into doubt meanwhile.
    private var due = Instant.distantFuture
    private var lastAsked = Instant.distantPast
    /// Where each heartbeat goes on in the list of nodes, so that all are asked in turn.
    private var turn = 0

    /// - Parameters:
    ///   - seeds: Where nodes of the cluster are, by the options.
    ///   - heartbeat: After what time a node is asked though nothing is in doubt.
    ///   - generator: What delays are drawn from.
    public init(seeds: [BackingAddress], heartbeat: TimeSpan, generator: Generator) {
        self.seeds = seeds
        self.heartbeat = heartbeat
        self.generator = generator
    }

    // MARK: What is known

    /// Whether a node of a cluster has answered.
    public var isKnown: Bool { !nodes.isEmpty }

    /// Where a node is; nil: it is not known, or nobody says where.
    public func address(of id: ClusterNodeID) -> BackingAddress? { nodes[id]?.address ?? addresses[id] }

    /// Whether a node of the cluster is at that address: no other is ever connected to, whoever names it.
    public func lists(_ address: BackingAddress) -> Bool { nodes.keys.contains { self.address(of: $0) == address } }

    // MARK: Events

    /// Begins.
    public mutating func start(now: Instant) -> [Action] {
        candidates = seeds
        return askNext(now: now)
    }

    /// Something suggests that what is known is old.
    ///
    /// - Returns: Nothing yet; see ``timePassed(now:)``.
    public mutating func doubted(_ doubt: Doubt, now: Instant) {
        due = min(due, max(now, lastAsked + Self.interval) + randomDelay())
        guard asked == nil else { return }
        switch doubt {
        case .moved(let address) where lists(address): candidates = [address] + all(but: address)
        case .moved: break
        case .suspect(let address): candidates = all(but: address) + (lists(address) ? [address] : [])
        }
    }

    /// A node has answered.
    public mutating func answered(_ answer: ClusterNodesAnswer, by address: BackingAddress, now: Instant) -> [Action] {
        guard address == asked else { return [] }
        let claimed = answer.nodes.reduce(0) { $0 + $1.slots.reduce(0) { $0 + $1.count } }
        guard let myself = answer.myself, claimed > 0,
            !isKnown || answer.nodes.contains(where: { nodes[$0.id] != nil })
        else { return failed(address, now: now) }
        asked = nil
        candidates = []
        due = min(due, now + heartbeat)
        let before = slots.count
        let changes = slots.take(answer)
        // One that has not heard of all yet, or has forgotten them, does not make us forget them.
        if claimed >= before {
            let owners = slots.owners
            nodes = nodes.filter { owners.contains($0.key) }
        }
        for node in answer.nodes { nodes[node.id] = node }
        addresses[myself.id] = address
        addresses = addresses.filter { nodes[$0.key] != nil }
        return changes.isEmpty ? [] : [.changed(changes)]
    }

    /// A node could not be asked, or its answer is none.
    public mutating func failed(_ address: BackingAddress, now: Instant) -> [Action] {
        guard address == asked else { return [] }
        asked = nil
        if !candidates.isEmpty { return askNext(now: now) }
        // All have been asked. What is known stays.
        due = now + Self.interval + randomDelay()
        return []
    }

    /// When ``timePassed(now:)`` is to be called; the distant future while a question is under way.
    public var nextDeadline: Instant { asked == nil ? due : .distantFuture }

    /// It may be time to ask.
    public mutating func timePassed(now: Instant) -> [Action] {
        guard asked == nil, now >= due else { return [] }
        if candidates.isEmpty { candidates = all(but: nil) }
        return askNext(now: now)
    }

    // MARK: Asking

    private mutating func randomDelay() -> TimeSpan {
        .nanoseconds(Int64.random(in: 0...Self.jitter.nanoseconds, using: &generator))
    }

    private mutating func askNext(now: Instant) -> [Action] {
        guard !candidates.isEmpty else { return [] }
        let address = candidates.removeFirst()
        asked = address
        lastAsked = now
        due = .distantFuture
        return [.ask(address)]
    }

    /// All nodes but one, each time another first; then those that others cannot reach, and the seeds that are none of them.
    private mutating func all(but excluded: BackingAddress?) -> [BackingAddress] {
        var healthy: [BackingAddress] = []
        var failing: [BackingAddress] = []
        for node in nodes.values.sorted(by: { $0.id.text < $1.id.text }) {
            guard let address = address(of: node.id), address != excluded else { continue }
            if node.isFailing { failing.append(address) } else { healthy.append(address) }
        }
        if !healthy.isEmpty {
            turn = (turn + 1) % healthy.count
            healthy = Array(healthy[turn...] + healthy[..<turn])
        }
        let known = healthy + failing
        return known + seeds.filter { $0 != excluded && !known.contains($0) }
    }
}

extension ClusterStateMachine: Sendable where Generator: Sendable {}
extension ClusterStateMachine.Action: Sendable {}
extension ClusterStateMachine.Doubt: Sendable {}
