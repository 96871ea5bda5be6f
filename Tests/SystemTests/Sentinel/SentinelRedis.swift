import TestSupport

/// A primary that real Sentinels keep, and a proxy that is told of them.
struct SentinelRedis: Sendable {
    let group: SentinelGroup
    let proxy: ProxyProcess

    /// A proxy that may not find a primary.
    init(group: SentinelGroup, startedProxy: ProxyProcess) {
        self.group = group
        self.proxy = startedProxy
    }

    init(_ group: SentinelGroup, _ environment: [String: String] = [:]) throws {
        self.group = group
        self.proxy = try ProxyProcess(environment: group.environment.merging(environment) { $1 }, overTLS: false)
        if let password = environment["REDIS_PASSWORD"] {
            try self.awaitService(password: password)
        } else {
            try self.awaitService()
        }
    }

    func client(password: String? = nil) throws -> HiredisClient {
        let client = try self.proxy.client()
        if let password { try client.command("AUTH", password) }
        return client
    }

    /// Waits until both event loops serve writes.
    func awaitService(password: String? = nil) throws {
        for _ in 0..<4 {
            try eventually("the primary is found: \(self.proxy.log)") {
                try self.client(password: password).command("SET", "probe", "x") == .status("OK")
            }
        }
    }

    /// Reads the key until the cache has it, and goes on having it: what was learned of a new primary at first is soon dropped once more.
    func cache(_ key: String) throws {
        let client = try self.client()
        let primary = try self.group.primary()
        try eventually("\(key) is cached") {
            let before = try primary.calls(of: "get")
            for _ in 0..<10 {
                _ = try client.command("GET", key)
                pause(.milliseconds(10))
            }
            return try primary.calls(of: "get") == before
        }
    }

    /// Waits until a read gives that value, and then until the cache has it.
    func expectSoon(_ key: String, _ value: String) throws {
        let client = try self.client()
        try eventually("\(key) is \(value): \(self.proxy.log)") { try client.command("GET", key) == .text(value) }
    }
}
