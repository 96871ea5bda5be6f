import TestSupport

/// A real Redis and the release binary in front of it: what most promises are tested on.
struct ProxiedRedis: Sendable {
    let server: RedisServer
    let proxy: ProxyProcess

    init(
        _ environment: [String: String] = [:], redis arguments: [String] = [], password: String? = nil,
        users: [String] = []
    ) throws {
        try self.init(RedisServer(arguments: arguments, password: password, users: users), environment)
    }

    /// A proxy in front of a server that is there already; with a relay, behind that.
    init(_ server: RedisServer, _ environment: [String: String] = [:], behind relay: FaultyRelay? = nil) throws {
        let address = relay.map { ["REDIS_PORT": "\($0.port)"] } ?? [:]
        self.server = server
        self.proxy = try ProxyProcess(fronting: server, environment: environment.merging(address) { $1 })
    }

    /// One in which nothing is heard of changes that were made behind the proxy's back, so that a hit can be told by its age.
    static func byExpiry(
        _ environment: [String: String] = [:], redis arguments: [String] = [], password: String? = nil,
        users: [String] = []
    ) throws -> ProxiedRedis {
        try ProxiedRedis(
            environment.merging(["CACHE_COHERENCE": "expiry"]) { $1 }, redis: arguments, password: password,
            users: users)
    }

    /// A client of the proxy.
    func client() throws -> HiredisClient { try self.proxy.client() }

    /// A raw connection to the proxy.
    func connection(limit: Duration = .seconds(15)) throws -> RawConnection { try self.proxy.connection(limit: limit) }

    /// A raw connection to the server itself.
    func straight(limit: Duration = .seconds(15)) throws -> RawConnection {
        try RawConnection(port: self.server.port, limit: limit)
    }

    /// curl, aimed at the proxy.
    var http: HTTPClient { self.proxy.http }

    /// Sets a key behind the proxy's back: in expiry mode nobody tells the proxy.
    func setBehind(_ key: String, _ value: String, _ options: String...) throws {
        let arguments = (["SET", key, value] + options).map { Array($0.utf8) }
        let reply = try self.server.client().command(arguments)
        guard reply == .status("OK") else { throw TestSupportError("SET on the server: \(reply)") }
    }

    /// Waits until the proxy has read the server's command table.
    ///
    /// Until then every relayed command counts as a write of unknown keys and empties the cache, so a test that relays
    /// between filling and hitting must wait. It leaves a key named `probe` behind.
    func awaitCommandTable(password: String? = nil) throws {
        let client = try self.client()
        if let password { try client.command("AUTH", password) }
        var round = 0
        try eventually("the command table") {
            round += 1
            let first = try client.command("GET", "probe")
            try self.setBehind("probe", "\(round)")
            try client.command("PING")
            return try client.command("GET", "probe") == first
        }
    }

    /// Waits until each event loop has a fill lane, and so the server's command table: a read is answered by its own loop's.
    func awaitFillLanes() throws {
        for _ in 0..<8 {
            let client = try self.connection()
            if let password = self.server.password { _ = try client.roundTrip("AUTH", password) }
            let reply = try client.roundTrip("GET", "nosuch")
            guard reply == "$-1\r\n" else { throw TestSupportError("GET nosuch: \(reply)") }
        }
    }

    /// Waits until both event loops know the server's commands and that it asks for no password: until then nothing is shared.
    func awaitSharing() throws {
        try self.awaitCommandTable()
        try eventually("connections are shared") {
            let clients = try (0..<8).map { _ in try self.connection() }
            for client in clients { _ = try client.roundTrip("PING") }
            let before = try self.server.info("total_connections_received").flatMap { Int($0) } ?? 0
            for client in clients { _ = try client.roundTrip("PING") }
            let more = try (0..<8).map { _ in try self.connection() }
            for client in more { _ = try client.roundTrip("PING") }
            let after = try self.server.info("total_connections_received").flatMap { Int($0) } ?? 0
            return after - before == 1
        }
    }

    /// Reads a key until the proxy has it, and proves it: the value behind its back is another by then.
    ///
    /// Afterwards the server holds `behind`, and the cache holds `value`.
    func cache(_ key: String, _ value: String, behind: String) throws {
        try self.setBehind(key, value)
        let client = try self.client()
        let first = try client.command("GET", key)
        guard first == .text(value) else { throw TestSupportError("GET \(key) to fill: \(first)") }
        try self.setBehind(key, behind)
        let second = try client.command("GET", key)
        guard second == .text(value) else { throw TestSupportError("GET \(key) was not cached: \(second)") }
    }
}
