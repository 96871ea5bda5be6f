import Foundation

/// A primary, its replicas, and Sentinels that keep them: real ones, on free loopback ports.
public final class SentinelGroup: Sendable {
    /// The name by which the Sentinels know the primary.
    public static let name = "mymaster"

    /// The first is the primary at the beginning.
    public let servers: [RedisServer]
    /// Those that keep them.
    public let sentinels: [SentinelServer]

    /// How servers and Sentinels speak TLS.
    public struct TLS: Sendable {
        let authority: String
        let identity: TestCertificates.Identity
        let sentinelsSpeakIt: Bool

        /// - Parameters:
        ///   - identity: of all of them.
        ///   - sentinelsSpeakIt: clients have a port for it there, too; among themselves, and to servers, they speak it anyhow.
        public init(_ authority: TestCertificates, _ identity: TestCertificates.Identity, sentinelsSpeakIt: Bool = true)
        {
            self.authority = authority.authority
            self.identity = identity
            self.sentinelsSpeakIt = sentinelsSpeakIt
        }
    }

    private let tls: TLS?
    private let host: String

    /// Starts all, and waits until each Sentinel knows all the others, and all replicas.
    ///
    /// - Parameters:
    ///   - host: what servers and Sentinels announce: an address, or a name.
    ///   - downAfter: after how many milliseconds without an answer a server counts as down; fewer a busy machine would need itself.
    ///   - password: of the servers.
    ///   - sentinelPassword: of the Sentinels.
    ///   - users: ACL users of the servers.
    public init(
        replicas: Int = 2, sentinels: Int = 3, host: String = "127.0.0.1", downAfter: Int = 2000,
        password: String? = nil,
        sentinelPassword: String? = nil, users: [String] = [], tls: TLS? = nil
    ) throws {
        self.tls = tls
        self.host = host
        var words = [
            "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1", "--replica-announce-ip", host,
        ]
        if let password { words += ["--masterauth", password] }
        if let tls { words += ["--tls-replication", "yes", "--tls-ca-cert-file", tls.authority] }
        let primary = try RedisServer(
            arguments: words, password: password, users: users, tls: tls?.identity, overTLS: false)
        let port = tls == nil ? primary.port : primary.tlsPort
        self.servers =
            [primary]
            + (try (0..<replicas).map { _ in
                try RedisServer(
                    arguments: words + ["--replicaof", host, "\(port)"], password: password, users: users,
                    tls: tls?.identity, overTLS: false)
            })
        var lines = ["sentinel resolve-hostnames yes"]
        if host != "127.0.0.1" { lines += ["sentinel announce-hostnames yes", "sentinel announce-ip \(host)"] }
        if let tls {
            lines += [
                "tls-replication yes", "tls-ca-cert-file \(tls.authority)", "tls-cert-file \(tls.identity.certificate)",
                "tls-key-file \(tls.identity.key)", "tls-auth-clients no",
            ]
        }
        lines += Self.lines(host: host, port: port, quorum: sentinels / 2 + 1, downAfter: downAfter)
        if let password { lines.append("sentinel auth-pass \(Self.name) \(password)") }
        if let sentinelPassword {
            lines += ["requirepass \(sentinelPassword)", "sentinel sentinel-pass \(sentinelPassword)"]
        }
        self.sentinels = try (0..<sentinels).map { _ in
            try SentinelServer(
                lines, password: sentinelPassword, tls: tls.flatMap { $0.sentinelsSpeakIt ? $0.identity : nil })
        }
        for sentinel in self.sentinels { try Self.hurry(sentinel) }
        try self.settle()
    }

    /// The lines of a Sentinel's configuration that have it keep a primary.
    public static func lines(host: String, port: Int, quorum: Int, downAfter: Int = 2000) -> [String] {
        [
            "sentinel monitor \(self.name) \(host) \(port) \(quorum)",
            "sentinel down-after-milliseconds \(self.name) \(downAfter)",
            "sentinel failover-timeout \(self.name) 3000", "sentinel parallel-syncs \(self.name) 8",
        ]
    }

    /// Has it look more often; otherwise it looks at roles every ten seconds, and is heard by others every two. While the primary is dead it asks
    /// a replica once a second what it is, and promotes none that has not answered within five of its own periods.
    public static func hurry(_ sentinel: SentinelServer) throws {
        try sentinel.command(
            "SENTINEL", "DEBUG", "INFO-PERIOD", "500", "PUBLISH-PERIOD", "300", "ASK-PERIOD", "100", "PING-PERIOD",
            "300")
    }

    /// The port that a server announces.
    public func port(of server: RedisServer) -> Int { self.tls == nil ? server.port : server.tlsPort }

    /// What the proxy is told.
    public var environment: [String: String] {
        [
            "REDIS_SENTINELS": self.sentinels.map { "\(self.host):\($0.tlsPort == 0 ? $0.port : $0.tlsPort)" }.joined(
                separator: ","),
            "REDIS_SENTINEL_MASTER": Self.name,
        ]
    }

    /// Waits until each Sentinel that answers knows all others, and `replicas` follow the primary.
    public func settle(replicas: Int? = nil, within limit: Duration = .seconds(60)) throws {
        let expected = replicas ?? self.servers.count - 1
        try eventually(within: limit, "the Sentinels know each other and \(expected) replicas") {
            // One that does not answer in time will, later.
            let know = self.sentinels.allSatisfy { sentinel in
                (try? sentinel.field("num-other-sentinels", of: Self.name)) == "\(self.sentinels.count - 1)"
                    && (try? sentinel.field("num-slaves", of: Self.name)) == "\(self.servers.count - 1)"
                    && (try? sentinel.field("flags", of: Self.name)) == "master"
            }
            guard know, let primary = try? self.primary() else { return false }
            // A server that a Sentinel is turning round closes its connections.
            let replicas = self.servers.filter { $0 !== primary && $0.isRunning }.count { server in
                (try? server.info("master_link_status")) == "up"
                    && (try? server.info("master_port")) == "\(self.port(of: primary))"
            }
            return replicas >= expected
        }
    }

    /// The server that most Sentinels name.
    public func primary() throws -> RedisServer {
        var ports: [String: Int] = [:]
        for port in self.sentinels.compactMap(self.primaryPort) { ports[port, default: 0] += 1 }
        guard let most = ports.max(by: { $0.value < $1.value }),
            let server = self.servers.first(where: { "\(self.port(of: $0))" == most.key })
        else { throw TestSupportError("no Sentinel names a primary") }
        return server
    }

    /// Has another server become the primary, and waits until all Sentinels that answer name it.
    ///
    /// - Parameter answering: how many of them do; nil: all that can be connected to.
    /// - Returns: The new primary.
    @discardableResult
    public func failOver(answering: Int? = nil) throws -> RedisServer {
        let before = try self.primary()
        return try self.awaitAnother(than: before, answering: answering) { self.beginFailover(from: before) }
    }

    /// Has the first Sentinel begin a failover, unless one is under way there, or is done. It gives one up, and tells nobody, where it has not
    /// heard of a replica for a while, as on a busy machine.
    public func beginFailover(from before: RedisServer) {
        guard self.primaryPort(by: self.sentinels[0]) == "\(self.port(of: before))" else { return }
        _ = try? self.sentinels[0].command("SENTINEL", "FAILOVER", Self.name)
    }

    /// The port of the primary that a Sentinel names; nil: it does not answer.
    private func primaryPort(by sentinel: SentinelServer) -> String? {
        let reply = try? sentinel.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self.name, within: .seconds(2))
        return reply?.elements.last?.string
    }

    /// Waits until the first of the Sentinels, as far as they answer, name another server.
    ///
    /// - Parameter meanwhile: done before each look.
    public func awaitAnother(
        than before: RedisServer, answering: Int? = nil, meanwhile: () -> Void = {}
    ) throws -> RedisServer {
        try eventually(within: .seconds(60), "all Sentinels name another primary") {
            meanwhile()
            let named = self.sentinels.prefix(answering ?? self.sentinels.count).compactMap(self.primaryPort)
            return Set(named).count == 1 && named.first != "\(self.port(of: before))"
        }
        return try self.primary()
    }
}
