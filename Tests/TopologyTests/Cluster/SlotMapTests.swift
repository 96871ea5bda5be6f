import Testing

@testable import Topology

@Suite("Who owns each slot, by what several nodes have said")
struct SlotMapTests {
    private static let a = String(repeating: "a", count: 40)
    private static let b = String(repeating: "b", count: 40)
    private static let c = String(repeating: "c", count: 40)
    private var map = SlotMap()

    /// - Parameter nodes: id, config epoch and slots; the first is the one that answers.
    private func answer(_ nodes: (String, Int, String)...) throws -> ClusterNodesAnswer {
        let lines = nodes.enumerated().map { index, node in
            "\(node.0) 127.0.0.1:\(7000 + index)@17000 \(index == 0 ? "myself,master" : "master") - 0 0 \(node.1) connected \(node.2)"
        }
        return try ClusterNodesAnswer(parsing: lines.joined(separator: "\n"))
    }

    private func owner(_ slot: Int) -> String? { HashSlot(slot).flatMap { map.owner(of: $0)?.text } }
    private func era(_ slot: Int) -> UInt64? { HashSlot(slot).map { map.era(of: $0) } }

    private func change(_ slots: ClosedRange<Int>, _ from: String?, _ to: String) throws -> SlotMap.Change {
        .init(slots: slots, from: from.flatMap { ClusterNodeID($0) }, to: try #require(ClusterNodeID(to)))
    }

    @Test("the first answer is taken, and the same again changes nothing")
    mutating func first() throws {
        let answer = try answer((Self.a, 1, "0-99 200"), (Self.b, 2, "100-199"))
        #expect(
            try map.take(answer) == [
                change(0...99, nil, Self.a), change(100...199, nil, Self.b), change(200...200, nil, Self.a),
            ])
        #expect(map.take(answer) == [])
        #expect(owner(0) == Self.a && owner(150) == Self.b && owner(200) == Self.a && owner(201) == nil)
        #expect(era(0) == 1 && era(201) == 0 && map.count == 201)
    }

    @Test("a higher config epoch takes a slot over; who had it may go on claiming it, and is not believed")
    mutating func takeover() throws {
        _ = try map.take(answer((Self.a, 1, "0-99"), (Self.b, 2, "100-199")))
        #expect(try map.take(answer((Self.c, 3, "0-99"), (Self.b, 2, "100-199"))) == [change(0...99, Self.a, Self.c)])
        #expect(
            try map.take(answer((Self.a, 1, "0-99"), (Self.b, 2, "100-199"))) == [],
            "a primary that was stopped, replaced, and woken")
        #expect(owner(50) == Self.c)
    }

    @Test("a slot that goes and comes back has had three owners")
    mutating func backAgain() throws {
        _ = try map.take(answer((Self.a, 1, "0-9"), (Self.b, 2, "10-19")))
        #expect(try map.take(answer((Self.b, 3, "9-19"), (Self.a, 1, "0-8"))) == [change(9...9, Self.a, Self.b)])
        #expect(try map.take(answer((Self.a, 4, "0-9"), (Self.b, 3, "10-19"))) == [change(9...9, Self.b, Self.a)])
        #expect(era(9) == 3 && era(8) == 1)
    }

    @Test("under one epoch those are believed who have a slot or give it away, and nobody else")
    mutating func sameEpoch() throws {
        _ = try map.take(answer((Self.a, 2, "0-9"), (Self.b, 2, "10-19")))
        #expect(try map.take(answer((Self.c, 2, ""), (Self.b, 2, "9-19"), (Self.a, 2, "0-8"))) == [])
        #expect(try map.take(answer((Self.a, 2, "0-8"), (Self.b, 2, "9-19"))) == [change(9...9, Self.a, Self.b)])
        #expect(try map.take(answer((Self.a, 2, "0-9"), (Self.b, 2, "10-19"))) == [change(9...9, Self.b, Self.a)])
    }

    @Test("an answer that leaves slots out takes nobody's away")
    mutating func less() throws {
        _ = try map.take(answer((Self.a, 1, "0-99"), (Self.b, 2, "100-199")))
        #expect(try map.take(answer((Self.b, 5, "100-150"))) == [])
        #expect(owner(0) == Self.a && owner(199) == Self.b)
    }
}
