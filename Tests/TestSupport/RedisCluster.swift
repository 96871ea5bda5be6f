/// A Redis Cluster: real servers on free loopback ports.
public final class RedisCluster: Sendable {
    /// The primaries at the beginning, then a replica of each.
    public let servers: [RedisServer]

    /// Starts it, and waits until each node knows all others and all slots.
    ///
    /// - Parameters:
    ///   - primaries: among which the slots are divided evenly.
    ///   - timeout: after how many milliseconds without an answer a node counts as down.
    public init(primaries: Int = 3, timeout: Int = 2_000) throws {
        let nodes = try (0..<primaries * 2).map { _ in try Self.startNode(timeout: timeout) }
        servers = nodes.map(\.server)
        for (index, server) in servers.enumerated() {
            try server.command("CLUSTER", "SET-CONFIG-EPOCH", "\(index + 1)")
        }
        for (server, bus) in nodes.dropFirst() {
            try servers[0].command("CLUSTER", "MEET", "127.0.0.1", "\(server.port)", "\(bus)")
        }
        for (index, primary) in servers.prefix(primaries).enumerated() {
            let first = 16_384 * index / primaries
            let last = 16_384 * (index + 1) / primaries - 1
            try primary.command("CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(last)")
        }
        for (index, replica) in servers.dropFirst(primaries).enumerated() {
            let primary = try Self.id(of: servers[index])
            // It has to have heard of that one first.
            try eventually(within: .seconds(60), "a node becomes a replica") {
                try replica.command("CLUSTER", "REPLICATE", primary) == .status("OK")
            }
        }
        try eventually(within: .seconds(60), "the cluster stands") {
            try servers.allSatisfy { server in
                let nodes = try Self.nodes(by: server).split(separator: "\n")
                return try nodes.count == servers.count
                    && nodes.count { $0.contains(" connected ") || $0.hasSuffix(" connected") } == servers.count
                    // Of whom, a node hears later than that.
                    && nodes.count { $0.contains("slave ") && !$0.contains("slave - ") } == primaries
                    && server.command("CLUSTER", "INFO").string?.contains("cluster_state:ok") == true
                    && (server.info("role") == "master" || server.info("master_link_status") == "up")
            }
        }
    }

    /// Starts a server that may be in a cluster, and knows none yet.
    ///
    /// - Returns: It, and the port on which nodes speak with each other.
    public static func startNode(timeout: Int = 2_000) throws -> (server: RedisServer, bus: Int) {
        for attempt in 1... {
            // Its usual place, 10,000 above the port, may be beyond the last one.
            let bus = try freePort()
            do {
                let server = try RedisServer(
                    arguments: [
                        "--cluster-enabled", "yes", "--cluster-node-timeout", "\(timeout)", "--cluster-port", "\(bus)",
                        "--repl-diskless-sync-delay", "0",
                    ], overTLS: false)
                return (server, bus)
            } catch {
                // Somebody else may have been quicker.
                guard attempt < 5 else { throw error }
            }
        }
        throw TestSupportError("no free port")
    }

    /// The id of a server in its cluster.
    public static func id(of server: RedisServer) throws -> String {
        guard let id = try server.command("CLUSTER", "MYID").string else { throw TestSupportError("no CLUSTER MYID") }
        return id
    }

    /// A server's answer to `CLUSTER NODES`.
    public static func nodes(by server: RedisServer) throws -> String {
        guard let text = try server.command("CLUSTER", "NODES").string else {
            throw TestSupportError("no CLUSTER NODES")
        }
        return text
    }
}
