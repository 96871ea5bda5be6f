import TestSupport

/// A real Redis and a proxy in front of it that is told what changes.
struct TrackedRedis {
    let redis: ProxiedRedis
    let reader: HiredisClient
    let straight: HiredisClient

    init(_ environment: [String: String] = [:], users: [String] = []) throws {
        let defaults = ["CACHE_COHERENCE": "tracking", "THREADS": "2"]
        self.redis = try ProxiedRedis(defaults.merging(environment) { $1 }, users: users)
        self.reader = try self.redis.client()
        self.straight = try self.redis.server.client()
        try self.awaitTracking()
    }

    /// How often the server has answered a `GET`.
    var fetches: Int { get throws { try self.redis.server.calls(of: "get") } }

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

    func expectSoon(_ key: String, _ value: Reply) throws {
        try eventually(within: .seconds(5), "\(key) is \(value)") { try self.reader.command("GET", key) == value }
    }
}
