import TestSupport

/// A real Redis and a proxy in front of it that is told what changes.
struct TrackedRedis {
    let redis: ProxiedRedis
    /// What stands between the two, where something does.
    let relay: FaultyRelay?
    /// A client of the proxy.
    let reader: HiredisClient
    /// A client of the server, which the proxy knows nothing of.
    let straight: HiredisClient

    init(
        _ environment: [String: String] = [:], users: [String] = [], redis arguments: [String] = [],
        relayed fault: FaultyRelay.Fault? = nil
    ) throws {
        let server = try RedisServer(arguments: arguments, users: users)
        let relay = try fault.map { try FaultyRelay(to: server, $0) }
        let defaults = ["CACHE_COHERENCE": "tracking", "THREADS": "2"]
        self.relay = relay
        self.redis = try ProxiedRedis(server, defaults.merging(environment) { $1 }, behind: relay)
        self.reader = try self.redis.client()
        self.straight = try server.client()
        try self.awaitTracking()
    }

    var server: RedisServer { self.redis.server }

    /// How often the server has answered a `GET`.
    var fetches: Int { get throws { try self.server.calls(of: "get") } }

    /// The ids of the server's clients whose reads it announces to another.
    var trackedClients: [String] {
        get throws {
            let list = try self.server.command("CLIENT", "LIST").string ?? ""
            return list.split(separator: "\n").compactMap { line in
                // On Redis 6 it is the last field, with nothing behind it.
                let fields = line.split { $0 == " " || $0 == "\r" || $0 == "\r\n" }
                guard !fields.contains("redir=-1") else { return nil }
                return fields.first.map { String($0.dropFirst("id=".count)) }
            }
        }
    }

    /// Waits until hits are answered here.
    func awaitTracking() throws {
        try self.straight.command("SET", "probe", "x")
        try eventually("the cache answers") {
            _ = try self.reader.command("GET", "probe")
            return try self.isHit("probe")
        }
    }

    /// Reads the key and says whether the server was not asked.
    func isHit(_ key: String) throws -> Bool {
        let before = try self.fetches
        _ = try self.reader.command("GET", key)
        return try self.fetches == before
    }

    /// Reads the key until the cache has it.
    func cache(_ key: String) throws {
        try eventually("\(key) is cached") { try self.isHit(key) }
    }

    /// Gives the key a value of which the cache knows, and proves it.
    func cache(_ key: String, _ value: String) throws {
        try self.straight.command("SET", key, value)
        try eventually("\(key) = \(value) is cached") {
            let before = try self.fetches
            let isNew = try self.reader.command("GET", key) == .text(value)
            return try isNew && self.fetches == before
        }
    }

    func expectSoon(_ key: String, _ value: Reply) throws {
        try eventually(within: .seconds(5), "\(key) is \(value)") { try self.reader.command("GET", key) == value }
    }
}
