import BackingClient
import TestSupport
import Testing
import Time

@testable import Topology

@Suite("Whom of a cluster to ask, and when")
struct ClusterStateMachineTests {
    private typealias Machine = ClusterStateMachine<SeededGenerator>

    private static let ids = ["a", "b", "c", "d"].map { String(repeating: $0, count: 40) }

    private static func place(_ index: Int) -> BackingAddress { .tcp(host: "10.0.0.\(index)", port: 7000) }

    /// What a node says, of itself and others: each owns the slot that has its number.
    ///
    /// - Parameter idle: More primaries, which own nothing.
    private static func answer(
        by myself: Int, of nodes: [Int] = [0, 1, 2], idle: [Int] = [], failing: Set<Int> = []
    ) throws -> ClusterNodesAnswer {
        let lines = (nodes + idle).map { index in
            let flags = (index == myself ? "myself," : "") + "master" + (failing.contains(index) ? ",fail" : "")
            let host = index == myself ? "" : "10.0.0.\(index)"
            let slot = idle.contains(index) ? "" : " \(index)"
            return "\(ids[index]) \(host):7000@17000 \(flags) - 0 0 \(index + 1) connected\(slot)"
        }
        return try ClusterNodesAnswer(parsing: lines.joined(separator: "\n"))
    }

    private var machine: Machine
    private var now = Instant(nanoseconds: 1_000_000_000_000)

    init() {
        machine = Machine(
            seeds: [Self.place(0), Self.place(9)], heartbeat: .seconds(1), generator: SeededGenerator(seed: 1))
    }

    /// A machine that knows three nodes, by the first.
    private mutating func know() throws {
        #expect(machine.start(now: now) == [.ask(Self.place(0))])
        #expect(try machine.answered(Self.answer(by: 0), by: Self.place(0), now: now).count == 1)
    }

    /// Whom it asks next, once it is time.
    private mutating func next() -> BackingAddress? {
        now = max(now, machine.nextDeadline)
        guard case .ask(let address)? = machine.timePassed(now: now).first else { return nil }
        return address
    }

    @Test("seeds are asked one after the other until one answers, and then again, but not at once")
    mutating func seeds() throws {
        #expect(machine.start(now: now) == [.ask(Self.place(0))])
        #expect(machine.nextDeadline == .distantFuture && machine.timePassed(now: now + .seconds(9)) == [])
        #expect(machine.failed(Self.place(9), now: now) == [], "nobody has asked it")
        #expect(machine.failed(Self.place(0), now: now) == [.ask(Self.place(9))])
        #expect(machine.failed(Self.place(9), now: now) == [])
        #expect(machine.timePassed(now: now) == [])
        #expect(
            machine.nextDeadline >= now + Machine.interval
                && machine.nextDeadline <= now + Machine.interval + Machine.jitter)
        #expect(next() == Self.place(0))
        let changes = try machine.answered(Self.answer(by: 0), by: Self.place(0), now: now)
        guard case .changed(let slots)? = changes.first else { return #expect(Bool(false)) }
        #expect(slots.map(\.slots) == [0...0, 1...1, 2...2])
        #expect((0...2).allSatisfy { machine.lists(Self.place($0)) } && !machine.lists(Self.place(9)))
    }

    @Test("each heartbeat asks another node, and none more than once")
    mutating func heartbeats() throws {
        try know()
        var asked: Set<BackingAddress> = []
        for _ in 0..<3 {
            let due = now + .seconds(1)
            #expect(machine.nextDeadline == due && machine.timePassed(now: now) == [])
            let address = try #require(next())
            asked.insert(address)
            let index = try #require((0...2).first { Self.place($0) == address })
            #expect(try machine.answered(Self.answer(by: index), by: address, now: now) == [])
        }
        #expect(asked == Set((0...2).map(Self.place)))
    }

    @Test(
        "whoever says MOVED is asked first, and whoever has failed last; never more often than the interval, and not at once"
    )
    mutating func doubts() throws {
        try know()
        machine.doubted(.moved(by: Self.place(2)), now: now)
        machine.doubted(.moved(by: Self.place(2)), now: now)
        #expect(
            machine.nextDeadline >= now + Machine.interval
                && machine.nextDeadline <= now + Machine.interval + Machine.jitter)
        #expect(next() == Self.place(2))
        machine.doubted(.moved(by: Self.place(1)), now: now)
        #expect(machine.nextDeadline == .distantFuture, "one question at a time")
        #expect(try machine.answered(Self.answer(by: 2), by: Self.place(2), now: now) == [])
        #expect(
            machine.nextDeadline <= now + Machine.interval + Machine.jitter, "the doubt may be newer than the answer")
        _ = next()
        _ = try machine.answered(Self.answer(by: 1), by: Self.place(1), now: now)
        _ = try machine.answered(Self.answer(by: 2), by: Self.place(2), now: now)
        _ = try machine.answered(Self.answer(by: 0), by: Self.place(0), now: now)
        now = now + .milliseconds(500)
        machine.doubted(.suspect(Self.place(7)), now: now)
        machine.doubted(.suspect(Self.place(1)), now: now)
        var asked: [BackingAddress] = []
        asked.append(try #require(next()))
        while case .ask(let address)? = machine.failed(try #require(asked.last), now: now).first {
            asked.append(address)
        }
        #expect(
            asked.last == Self.place(1) && Set(asked).count == asked.count && asked.count == 4,
            "the seed that is none of them, too")
    }

    @Test("a MOVED by one who is none of the nodes has nobody else asked than otherwise")
    mutating func stranger() throws {
        try know()
        machine.doubted(.moved(by: Self.place(7)), now: now)
        #expect(next() != Self.place(7))
    }

    @Test("a seed that is in no cluster yet is passed over for the next")
    mutating func noCluster() throws {
        #expect(machine.start(now: now) == [.ask(Self.place(0))])
        let alone = try ClusterNodesAnswer(parsing: "\(Self.ids[3]) :7000@17000 myself,master - 0 0 0 connected")
        #expect(machine.answered(alone, by: Self.place(0), now: now) == [.ask(Self.place(9))])
        #expect(!machine.isKnown)
        #expect(try machine.answered(Self.answer(by: 1), by: Self.place(9), now: now).count == 1)
        #expect(machine.isKnown && machine.lists(Self.place(2)))
    }

    @Test("what another cluster says does not count, whatever address it has got")
    mutating func otherCluster() throws {
        try know()
        let address = try #require(next())
        let actions = try machine.answered(Self.answer(by: 3, of: [3]), by: address, now: now)
        #expect(!actions.contains { if case .changed = $0 { true } else { false } })
        #expect(machine.slots.count == 3 && machine.lists(Self.place(1)))
    }

    @Test("a node that knows fewer slots makes nobody forgotten; a whole answer does, of those that own nothing")
    mutating func forgetting() throws {
        #expect(machine.start(now: now) == [.ask(Self.place(0))])
        _ = try machine.answered(Self.answer(by: 0, idle: [3]), by: Self.place(0), now: now)
        #expect((0...3).allSatisfy { machine.lists(Self.place($0)) })
        machine.doubted(.moved(by: Self.place(1)), now: now)
        #expect(next() == Self.place(1))
        _ = try machine.answered(Self.answer(by: 1, of: [1]), by: Self.place(1), now: now)
        #expect((0...3).allSatisfy { machine.lists(Self.place($0)) })
        machine.doubted(.moved(by: Self.place(2)), now: now)
        #expect(next() == Self.place(2))
        _ = try machine.answered(Self.answer(by: 2), by: Self.place(2), now: now)
        #expect((0...2).allSatisfy { machine.lists(Self.place($0)) } && !machine.lists(Self.place(3)))
    }

    @Test("those that others cannot reach are asked behind those that they can")
    mutating func failing() throws {
        #expect(machine.start(now: now) == [.ask(Self.place(0))])
        _ = try machine.answered(Self.answer(by: 0, failing: [1]), by: Self.place(0), now: now)
        for _ in 0..<4 {
            let address = try #require(next())
            #expect(address != Self.place(1))
            let index = address == Self.place(0) ? 0 : 2
            _ = try machine.answered(Self.answer(by: index, failing: [1]), by: address, now: now)
        }
    }
}
