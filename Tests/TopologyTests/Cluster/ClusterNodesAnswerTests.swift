import BackingClient
import TestSupport
import Testing

@testable import Topology

@Suite("What a node of a cluster says of all")
struct ClusterNodesAnswerTests {
    private static let one = String(repeating: "1", count: 40)
    private static let two = String(repeating: "2", count: 40)
    private static let three = String(repeating: "3", count: 40)

    private static func line(
        _ id: String = one, _ place: String = "10.0.0.1:7000@17000", _ flags: String = "myself,master",
        _ rest: String = "- 0 0 1 connected 0-1"
    ) -> String {
        "\(id) \(place) \(flags) \(rest)\n"
    }

    private func node(_ line: String) throws -> ClusterNode {
        let answer = try ClusterNodesAnswer(
            parsing: line
                + (line.contains("myself")
                    ? "" : Self.line(Self.three, ":7009@17009", "myself,master", "- 0 0 9 connected")))
        return try #require(answer.nodes.first)
    }

    @Test("slots, epochs and moves of a primary are read")
    func primary() throws {
        let node = try node(
            Self.line(
                Self.one, "10.0.0.1:7000@17000", "master",
                "- 0 1426238317239 12 connected 5 7-9 [8->-\(Self.two)] [77-<-\(Self.two)]"))
        let other = try #require(ClusterNodeID(Self.two))
        #expect(node.role == .primary && !node.isMyself && !node.isFailing && node.configEpoch == 12)
        #expect(node.address == .tcp(host: "10.0.0.1", port: 7000) && node.hostname == nil)
        #expect(node.slots == [5...5, 7...9])
        #expect(try node.migrating == [.init(slot: #require(HashSlot(8)), other: other)])
        #expect(try node.importing == [.init(slot: #require(HashSlot(77)), other: other)])
    }

    @Test(
        "an address may be one of IPv6, have a name beside it, or be left open",
        arguments: [
            ("::1:7000@17000", "::1", nil), ("10.0.0.1:7000@17000,a.example", "10.0.0.1", "a.example"),
            ("10.0.0.1:7000@17000,,shard-id=abc", "10.0.0.1", nil), ("10.0.0.1:7000", "10.0.0.1", nil),
            ("10.0.0.1:7000@17000,a.example,tls-port=0,shard-id=x", "10.0.0.1", "a.example"),
            (":7000@17000", nil, nil), ("?:7000@17000,a.example", nil, "a.example"), (":0@0", nil, nil),
        ] as [(String, String?, String?)])
    func places(place: String, host: String?, name: String?) throws {
        let node = try node(Self.line(Self.one, place, "master"))
        #expect(node.address == host.map { .tcp(host: $0, port: 7000) })
        #expect(node.hostname == name)
    }

    @Test("what a node does, and whether it is reached")
    func flags() throws {
        let primary = try #require(ClusterNodeID(Self.two))
        #expect(
            try node(Self.line(Self.one, "a:1@2", "slave", "\(Self.two) 0 0 1 connected")).role == .replica(of: primary)
        )
        #expect(try node(Self.line(Self.one, "a:1@2", "slave,fail", "\(Self.two) 0 0 1 disconnected")).isFailing)
        let early = try node(Self.line(Self.one, "a:1@2", "slave", "- 0 0 0 connected"))
        #expect(early.role == .replica(of: nil), "as a real one says until it has heard of whom")
        #expect(try node(Self.line(Self.one, "a:1@2", "master,fail?")).isFailing)
        #expect(try node(Self.line(Self.one, "a:1@2", "handshake", "- 0 0 0 disconnected")).role == .undetermined)
        #expect(try node(Self.line(Self.one, "a:1@2", "master,noaddr")).address == nil)
        #expect(try node(Self.line(Self.one, "a:1@2", "master,nofailover,new-flag")).role == .primary)
    }

    @Test(
        "an answer of which a line cannot be read is not taken",
        arguments: [
            "", "x", line("1"), line(one, "10.0.0.1"), line(one, "10.0.0.1:x@1"), line(one, "10.0.0.1:70000@1"),
            line(one, "a:1@2", "myself,master", "- 0 0 x connected"), line(one, "a:1@2", "myself,master", "- 0 0 1"),
            line(one, "a:1@2", "myself,master", "- 0 0 1 connected 16384"),
            line(one, "a:1@2", "myself,master", "- 0 0 1 connected 9-8"),
            line(one, "a:1@2", "myself,master", "- 0 0 1 connected 1-2-3"),
            line(one, "a:1@2", "myself,master", "- 0 0 1 connected -5"),
            line(one, "a:1@2", "myself,master", "- 0 0 1 connected [5->-x]"),
            line(one, "a:1@2", "myself,master", "- 0 0 1 connected [5-\(two)]"),
            line(one, "a:1@2", "myself,slave", "x 0 0 1 connected"),
            line(one, "a:1@2", "myself,slave", "\(two) 0 0 1 connected 5"),
            line(one, "a:1@2", "master"), line() + line(two, "a:1@2", "myself,master", "- 0 0 1 connected"),
            line() + line(one, "a:1@2", "master", "- 0 0 1 connected"),
            line() + line(two, "a:1@2", "master", "- 0 0 1 connected 1"),
            line(one, "a:1@2", "myself,master", "- 0 0 1 connected 1-5 5"),
        ])
    func malformed(text: String) {
        #expect(throws: ClusterNodesAnswer.Fault.self) { try ClusterNodesAnswer(parsing: text) }
    }

    @Test(
        "every cut of an answer inside of its last line but one is noticed, or says less of nodes, never something else of one"
    )
    func cuts() throws {
        let text = Self.line() + Self.line(Self.two, "10.0.0.2:7000@17000", "master", "- 0 0 2 connected 2-16383")
        let whole = try ClusterNodesAnswer(parsing: text)
        for end in text.indices {
            guard let cut = try? ClusterNodesAnswer(parsing: text[..<end]) else { continue }
            for node in cut.nodes {
                let original = try #require(whole.nodes.first { $0.id == node.id })
                #expect(node.address == original.address && node.configEpoch == original.configEpoch)
            }
        }
    }
}
