import BackingClient
import TestSupport
import Testing
import Time

@testable import Topology

@Suite("What real clusters say of themselves")
struct RealClusterTests {
    private static func answer(by server: RedisServer) throws -> ClusterNodesAnswer {
        try ClusterNodesAnswer(parsing: RedisCluster.nodes(by: server))
    }

    private static func id(of server: RedisServer) throws -> ClusterNodeID {
        try #require(ClusterNodeID(RedisCluster.id(of: server)))
    }

    /// The machine is told of a server's answer, as whoever drives it would.
    private static func play(
        _ machine: inout ClusterStateMachine<SeededGenerator>, _ actions: [ClusterStateMachine<SeededGenerator>.Action],
        _ cluster: RedisCluster, now: Instant
    ) throws -> [SlotMap.Change] {
        var changes: [SlotMap.Change] = []
        var queue = actions
        while !queue.isEmpty {
            switch queue.removeFirst() {
            case .changed(let slots): changes += slots
            case .ask(let address):
                guard let server = cluster.servers.first(where: { address == .tcp(host: "127.0.0.1", port: $0.port) }),
                    let answer = try? answer(by: server)
                else {
                    queue += machine.failed(address, now: now)
                    continue
                }
                queue += machine.answered(answer, by: address, now: now)
            }
        }
        return changes
    }

    @Test(
        "three primaries and three replicas, as each of them tells; a slot on its way; a failover; a primary that wakes up"
    )
    func cluster() throws {
        let cluster = try RedisCluster()
        let ids = try cluster.servers.map(Self.id)
        for (index, server) in cluster.servers.enumerated() {
            let answer = try Self.answer(by: server)
            #expect(answer.nodes.count == 6 && answer.myself?.id == ids[index])
            #expect(answer.nodes.flatMap(\.slots).reduce(0) { $0 + $1.count } == HashSlot.count)
            for (replica, primary) in zip(ids.dropFirst(3), ids) {
                #expect(answer.nodes.first { $0.id == replica }?.role == .replica(of: primary))
            }
            let others = answer.nodes.filter { !$0.isMyself }
            #expect(
                Set(others.map(\.address))
                    == Set(cluster.servers.filter { $0 !== server }.map { .tcp(host: "127.0.0.1", port: $0.port) }))
        }
        let seed = BackingAddress.tcp(host: "127.0.0.1", port: cluster.servers[3].port)
        var machine = ClusterStateMachine(seeds: [seed], heartbeat: .seconds(1), generator: SeededGenerator(seed: 1))
        #expect(try Self.play(&machine, machine.start(now: 1), cluster, now: 1).count == 3)
        #expect(machine.slots.count == HashSlot.count)
        for server in cluster.servers { #expect(machine.lists(.tcp(host: "127.0.0.1", port: server.port))) }
        for key in ["a", "b", "foo", "{x}y"] {
            let slot = Array(key.utf8).withUnsafeBytes { HashSlot(of: $0.bytes) }
            let owner = try #require(machine.slots.owner(of: slot))
            let server = try #require(ids.firstIndex(of: owner).map { cluster.servers[$0] })
            #expect(try server.command("SET", key, "1") == .status("OK"), "its owner takes it")
        }

        // A slot that goes from the first to the second.
        try cluster.servers[1].command("CLUSTER", "SETSLOT", "0", "IMPORTING", ids[0].text)
        try cluster.servers[0].command("CLUSTER", "SETSLOT", "0", "MIGRATING", ids[1].text)
        let slot = try #require(HashSlot(0))
        #expect(try Self.answer(by: cluster.servers[0]).myself?.migrating == [.init(slot: slot, other: ids[1])])
        #expect(try Self.answer(by: cluster.servers[1]).myself?.importing == [.init(slot: slot, other: ids[0])])
        let early = try Self.answer(by: cluster.servers[2])
        try cluster.servers[1].command("CLUSTER", "SETSLOT", "0", "NODE", ids[1].text)
        try cluster.servers[0].command("CLUSTER", "SETSLOT", "0", "NODE", ids[1].text)
        var map = machine.slots
        let late = try Self.answer(by: cluster.servers[1])
        #expect(map.take(late) == [.init(slots: 0...0, from: ids[0], to: ids[1])])
        #expect(map.take(early) == [] && map.owner(of: slot) == ids[1], "who has not heard of it is not believed")
        #expect(map.era(of: slot) == 2)

        // A planned failover of the third, whose primary says afterwards what it said before.
        let before = try Self.answer(by: cluster.servers[2])
        try eventually(within: .seconds(60), "the replica is promoted") {
            try cluster.servers[5].command("CLUSTER", "FAILOVER")
            return try Self.answer(by: cluster.servers[5]).myself?.role == .primary
        }
        let after = try Self.answer(by: cluster.servers[5])
        let taken = map.take(after)
        #expect(taken.map(\.to) == [ids[5]] && taken.map(\.from) == [ids[2]])
        #expect(map.take(before) == [])
        let last = try #require(HashSlot(16_383))
        #expect(map.owner(of: last) == ids[5])
    }

    @Test("a primary that has died is replaced in what the others say, and nobody else's slots are touched")
    func deadPrimary() throws {
        let cluster = try RedisCluster(timeout: 500)
        let ids = try cluster.servers.map(Self.id)
        let seeds = cluster.servers.prefix(1).map { BackingAddress.tcp(host: "127.0.0.1", port: $0.port) }
        var machine = ClusterStateMachine(seeds: seeds, heartbeat: .seconds(1), generator: SeededGenerator(seed: 1))
        _ = try Self.play(&machine, machine.start(now: 1), cluster, now: 1)
        // The only seed is gone; that is no trouble.
        try cluster.servers[0].kill()
        var now = Instant(nanoseconds: 1)
        var changes: [SlotMap.Change] = []
        machine.doubted(.suspect(seeds[0]), now: now)
        try eventually(within: .seconds(60), "another serves its slots") {
            now = now + .seconds(2)
            changes += try Self.play(&machine, machine.timePassed(now: now), cluster, now: now)
            return !changes.isEmpty
        }
        #expect(changes == [.init(slots: 0...5_460, from: ids[0], to: ids[3])])
    }
}
