import TestSupport
import Testing

@Suite("a server on which commands that the proxy uses have other names (rename-command)", .blocking)
struct RenamedCommandTests {
    @Test(
        "without PING or MGET it is told what changes as ever",
        arguments: ["PING", "MGET"], ["default", "broadcast"])
    func tracked(command: String, kind: String) throws {
        let tracked = try TrackedRedis(
            ["CACHE_TRACKING": kind, "TRACKING_HEARTBEAT": "0.2"], redis: ["--rename-command", command, "other-name"])
        for round in 0..<3 {
            try tracked.cache("k", "old \(round)")
            try tracked.straight.command("SET", "k", "new \(round)")
            try tracked.expectSoon("k", .text("new \(round)"))
            try tracked.cache("k", "old \(round)")
            let script = "return redis.call('SET', 'k', 'script \(round)')"
            #expect(try tracked.redis.client().command("EVAL", script, "0") == .status("OK"))
            #expect(try tracked.reader.command("GET", "k") == .text("script \(round)"))
        }
        #expect(!tracked.redis.proxy.log.contains(" warning "), "\(tracked.redis.proxy.log)")
    }

    @Test("what is missing is named as it was asked for", arguments: ["INFO", "CLIENT", "SUBSCRIBE"])
    func named(command: String) throws {
        let redis = try ProxiedRedis(redis: ["--rename-command", command, "other-name"])
        try eventually("it is said") { redis.proxy.log.contains("does not announce changes") }
        let log = redis.proxy.log
        // Which quotation marks it uses is the server's.
        #expect(["'", "`"].contains { log.contains("ERR unknown command \($0)\(command)") }, "\(log)")
        #expect(!log.contains("AUTH"), "\(log)")
    }

    @Test("where the server comes to refuse what is asked in each heartbeat, that is said")
    func refusedLater() throws {
        let tracked = try TrackedRedis(
            [
                "TRACKING_HEARTBEAT": "0.2", "REDIS_USERNAME": "filler", "REDIS_PASSWORD": "pw",
                "CLIENT_AUTH": "trust",
            ], users: ["filler on >pw ~* &* +@all"])
        try tracked.cache("k", "v")
        try tracked.straight.command("ACL", "SETUSER", "filler", "-info")
        try eventually("it is said") { tracked.redis.proxy.log.contains("so the cache answers nobody: NOPERM") }
        try tracked.straight.command("ACL", "SETUSER", "filler", "+info")
        try tracked.cache("k", "again")
        let lines = tracked.redis.proxy.log.split(separator: "\n").filter { $0.contains("answers nobody") }
        #expect(lines.count == 1, "\(lines)")
    }
}
