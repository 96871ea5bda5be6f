import BackingClient

/// What one node of a cluster says of all: its answer to `CLUSTER NODES`.
///
/// It is taken as a whole or not at all: an answer of which one line cannot be read says nothing of the slots on that line, and with those left out it would
/// look like one in which they belong to nobody.
public struct ClusterNodesAnswer: Equatable, Sendable {
    /// Why an answer is not taken.
    public enum Fault: Error, Equatable, Sendable {
        /// A line is not one of `CLUSTER NODES`, counted from 0.
        case malformed(line: Int)
        /// None, or several, of the nodes are said to be the one that answers.
        case notOneself
        /// A node is described twice, or a slot is given to two.
        case contradictory
    }

    /// In the order of the lines.
    public let nodes: [ClusterNode]

    /// More nodes than any cluster has: an answer with more is not taken.
    static let mostNodes = 4_096

    /// - Parameter text: the reply's text.
    public init(parsing text: some StringProtocol) throws(Fault) {
        var nodes: [ClusterNode] = []
        let lines = text.split(whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            guard index < Self.mostNodes, let node = ClusterNode(parsing: line) else { throw .malformed(line: index) }
            nodes.append(node)
        }
        guard nodes.count(where: \.isMyself) == 1 else { throw .notOneself }
        guard Set(nodes.map(\.id)).count == nodes.count, Self.areDisjoint(nodes.flatMap(\.slots)) else {
            throw .contradictory
        }
        self.nodes = nodes
    }

    /// The node that has answered.
    public var myself: ClusterNode? { nodes.first(where: \.isMyself) }

    private static func areDisjoint(_ ranges: [ClosedRange<Int>]) -> Bool {
        let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
        return zip(sorted, sorted.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }
    }
}

extension ClusterNode {
    /// `<id> <host:port@busport[,hostname[,…]]> <flags> <primary> <ping-sent> <pong-received> <config-epoch> <link-state> <slot>…`
    ///
    /// What servers may come to add behind the host name, and flags that are not known, are skipped.
    fileprivate init?(parsing line: some StringProtocol) {
        let fields = line.split(separator: " ", omittingEmptySubsequences: true)
        guard fields.count >= 8, let id = ClusterNodeID(fields[0]), let epoch = UInt64(fields[6]),
            let place = Place(parsing: fields[1])
        else { return nil }
        let flags = fields[2].split(separator: ",")
        self.id = id
        self.configEpoch = epoch
        isMyself = flags.contains("myself")
        isFailing = flags.contains("fail") || flags.contains("fail?")
        address = isMyself || flags.contains("noaddr") ? nil : place.address
        hostname = place.hostname
        if flags.contains("master") {
            role = .primary
        } else if flags.contains("slave") || flags.contains("replica") {
            let primary = ClusterNodeID(fields[3])
            guard primary != nil || fields[3] == "-" else { return nil }
            role = .replica(of: primary)
        } else {
            role = .undetermined
        }
        slots = []
        migrating = []
        importing = []
        for field in fields.dropFirst(8) { guard take(field) else { return nil } }
        guard role == .primary || slots.isEmpty else { return nil }
    }

    /// `93`, `0-5460`, `[93->-<id>]` or `[77-<-<id>]`.
    private mutating func take(_ field: some StringProtocol) -> Bool {
        if field.hasPrefix("["), field.hasSuffix("]") { return takeMove(field.dropFirst().dropLast()) }
        let bounds = field.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard bounds.count <= 2, let first = bounds.first ?? nil, let last = bounds.last ?? nil,
            HashSlot(first) != nil, HashSlot(last) != nil, first <= last
        else { return false }
        slots.append(first...last)
        return true
    }

    private mutating func takeMove(_ text: some StringProtocol) -> Bool {
        let digits = text.prefix { $0 != "-" }
        let rest = text.dropFirst(digits.count)
        guard let slot = Int(digits).flatMap({ HashSlot($0) }), let other = ClusterNodeID(rest.dropFirst(3)) else {
            return false
        }
        if rest.hasPrefix("->-") {
            migrating.append(Move(slot: slot, other: other))
        } else if rest.hasPrefix("-<-") {
            importing.append(Move(slot: slot, other: other))
        } else {
            return false
        }
        return true
    }
}

/// The second field of a line: where a node is.
private struct Place {
    /// nil: that is left open, as a node does of itself before others have told it.
    var address: BackingAddress?
    var hostname: String?

    init?(parsing field: some StringProtocol) {
        let parts = field.split(separator: ",", omittingEmptySubsequences: false)
        let endpoint = parts[0].prefix { $0 != "@" }
        // An address of IPv6 has colons of its own.
        guard let colon = endpoint.lastIndex(of: ":"), let port = Int(endpoint[endpoint.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        let host = endpoint[..<colon]
        if !host.isEmpty, host != "?", port > 0 { address = .tcp(host: String(host), port: port) }
        // What servers add behind the name has the form `key=value`.
        hostname = parts.dropFirst().first { !$0.isEmpty && $0 != "?" && !$0.contains("=") }.map { String($0) }
    }
}
