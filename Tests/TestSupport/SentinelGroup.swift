import Foundation

/// A primary, its replicas, and Sentinels that keep them: real ones, on free loopback ports.
public final class SentinelGroup: Sendable {
    /// The name by which the Sentinels know the primary.
    public static let name = "mymaster"

    /// The first is the primary at the beginning.
    public let servers: [RedisServer]
    /// Those that keep them.
    public let sentinels: [SentinelServer]

    /// Starts all, and waits until each Sentinel knows all the others, and all replicas.
    ///
    /// - Parameters:
    ///   - downAfter: after how many milliseconds without an answer a server counts as down.
    ///   - password: of the servers.
    ///   - sentinelPassword: of the Sentinels.
    public init(
        replicas: Int = 2, sentinels: Int = 3, downAfter: Int = 500, password: String? = nil,
        sentinelPassword: String? = nil
    ) throws {
        let quick = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"]
        let login = password.map { ["--masterauth", $0] } ?? []
        let primary = try RedisServer(arguments: quick + login, password: password, overTLS: false)
        self.servers =
            [primary]
            + (try (0..<replicas).map { _ in
                try RedisServer(
                    arguments: quick + login + ["--replicaof", "127.0.0.1", "\(primary.port)"], password: password,
                    overTLS: false)
            })
        var lines = [
            "sentinel monitor \(Self.name) 127.0.0.1 \(primary.port) \(sentinels / 2 + 1)",
            "sentinel down-after-milliseconds \(Self.name) \(downAfter)",
            "sentinel failover-timeout \(Self.name) 3000", "sentinel parallel-syncs \(Self.name) 8",
        ]
        if let password { lines.append("sentinel auth-pass \(Self.name) \(password)") }
        if let sentinelPassword {
            lines += ["requirepass \(sentinelPassword)", "sentinel sentinel-pass \(sentinelPassword)"]
        }
        self.sentinels = try (0..<sentinels).map { _ in try SentinelServer(lines, password: sentinelPassword) }
        for sentinel in self.sentinels {
            // Otherwise a role is looked at every ten seconds, and others are heard every two.
            try sentinel.command(
                "SENTINEL", "DEBUG", "INFO-PERIOD", "500", "PUBLISH-PERIOD", "300", "ASK-PERIOD", "100", "PING-PERIOD",
                "100")
        }
        try self.settle()
    }

    /// What the proxy is told.
    public var environment: [String: String] {
        [
            "REDIS_SENTINELS": self.sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ","),
            "REDIS_SENTINEL_MASTER": Self.name,
        ]
    }

    /// Waits until each Sentinel that answers knows all others, and `replicas` follow the primary.
    public func settle(replicas: Int? = nil, within limit: Duration = .seconds(60)) throws {
        let expected = replicas ?? self.servers.count - 1
        try eventually(within: limit, "the Sentinels know each other and \(expected) replicas") {
            let know = try self.sentinels.allSatisfy { sentinel in
                try sentinel.field("num-other-sentinels", of: Self.name) == "\(self.sentinels.count - 1)"
                    && sentinel.field("num-slaves", of: Self.name) == "\(self.servers.count - 1)"
                    && sentinel.field("flags", of: Self.name) == "master"
            }
            guard know else { return false }
            let primary = try self.primary()
            let replicas = try self.servers.filter { $0 !== primary && $0.isRunning }.count { server in
                let isUp = try server.info("master_link_status") == "up"
                return try isUp && server.info("master_port") == "\(primary.port)"
            }
            return replicas >= expected
        }
    }

    /// The server that most Sentinels name.
    public func primary() throws -> RedisServer {
        var ports: [String: Int] = [:]
        for sentinel in self.sentinels {
            guard let reply = try? sentinel.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self.name),
                let port = reply.elements.last?.string
            else { continue }
            ports[port, default: 0] += 1
        }
        guard let most = ports.max(by: { $0.value < $1.value }),
            let server = self.servers.first(where: { "\($0.port)" == most.key })
        else { throw TestSupportError("no Sentinel names a primary") }
        return server
    }

    /// Has another server become the primary, and waits until all Sentinels name it.
    ///
    /// - Returns: The new primary.
    @discardableResult
    public func failOver() throws -> RedisServer {
        let before = try self.primary()
        try eventually(within: .seconds(60), "a failover begins") {
            try self.sentinels[0].command("SENTINEL", "FAILOVER", Self.name) == .status("OK")
        }
        return try self.awaitAnother(than: before)
    }

    /// Waits until all Sentinels that answer name another server.
    public func awaitAnother(than before: RedisServer) throws -> RedisServer {
        try eventually(within: .seconds(60), "all Sentinels name another primary") {
            let named = self.sentinels.compactMap { sentinel in
                (try? sentinel.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self.name))?.elements.last?.string
            }
            return Set(named).count == 1 && named.first != "\(before.port)"
        }
        return try self.primary()
    }
}
