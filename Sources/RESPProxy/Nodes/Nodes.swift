import LocalCache

/// The nodes of one event loop: its side of each server.
struct Nodes {
    /// In the order of the servers' numbers.
    let all: [Node]
    /// Which of the servers a command goes to.
    let servers: ServerMap
    /// Those of the nodes. A node is referred to weakly, and so counts its references the slow way; reads are too many for that.
    private let reads: [ReadThrough]

    /// - Parameters:
    ///   - servers: Which there are.
    ///   - make: Makes the node of one of them.
    init(of servers: ServerMap, _ make: (ServerID) -> Node) {
        self.servers = servers
        all = servers.servers.map(make)
        reads = all.map(\.reads)
    }

    /// The node of a server.
    subscript(server: ServerID) -> Node { all[Int(server.number)] }

    /// Reads from a server, through the cache.
    @inline(__always)
    func reads(from server: ServerID) -> ReadThrough { reads[Int(server.number)] }

    /// The node of the server that holds a key.
    func owner(of key: RawSpan) -> Node { self[servers.owner(of: key)] }

    /// Whether there is more than one.
    var areSeveral: Bool { reads.count > 1 }

    /// A node, where any server would do.
    var any: Node { self[servers.anyServer] }
}
