import TestSupport
import Testing

@Suite("with tracking, a write that does not go through the proxy is seen", .blocking)
struct ForeignWritesTests {
    /// How the server is asked to announce.
    static let modes = [
        [:], ["CACHE_TRACKING": "broadcast", "CACHE_PREFIXES": "k,probe"],
    ]

    @Test(
        "by whatever command, announced of keys that were read or of a prefix: a hit before, the fresh value after",
        arguments: ForeignWrite.announced, Self.modes)
    func announced(write: ForeignWrite, mode: [String: String]) throws {
        try Self.expectFresh(write, mode) { $0 != $1 }
    }

    @Test("what is not announced within a heartbeat", arguments: ForeignWrite.unannounced)
    func unannounced(write: ForeignWrite) throws {
        try Self.expectFresh(write, ["TRACKING_HEARTBEAT": "0.2"]) { $0 != $1 }
    }

    @Test("what leaves the key as it is changes nothing", arguments: ForeignWrite.harmless)
    func harmless(write: ForeignWrite) throws {
        try Self.expectFresh(write, [:]) { $0 == $1 }
    }

    /// - Parameter isExpected: Given the server's values before and after.
    private static func expectFresh(
        _ write: ForeignWrite, _ mode: [String: String], _ isExpected: (Reply, Reply) -> Bool
    ) throws {
        let tracked = try TrackedRedis(mode)
        try tracked.straight.command("SET", "k", "10")
        for command in write.preparation {
            let reply = try tracked.straight.command(command)
            #expect(!reply.isError(""), "\(command): \(reply)")
        }
        let before = try tracked.server.command("GET", "k")
        // Not only an announcement that is still under way must come between what was prepared and the write.
        try eventually("k is cached") { try tracked.reader.command("GET", "k") == before && tracked.isHit("k") }
        try write.write(tracked.straight)
        try eventually(within: .seconds(5), "it is as fresh as the server's") {
            try tracked.reader.command("GET", "k") == tracked.server.command("GET", "k")
        }
        let after = try tracked.server.command("GET", "k")
        #expect(isExpected(before, after), "\(before), then \(after)")
        let third = try tracked.redis.connection()
        _ = try third.roundTrip("HELLO", "3")
        let response = try tracked.redis.http.get("/k", headers: ["Accept: application/octet-stream"])
        switch after {
        case .bulk(let bytes):
            #expect(try third.roundTrip([Array("GET".utf8), Array("k".utf8)]) == encodeBulk(bytes))
            #expect(response.body == bytes)
        case .null:
            #expect(try third.roundTrip("GET", "k") == "_\r\n")
            #expect(response.status == 204)
        default:
            #expect(try third.roundTrip("GET", "k").hasPrefix("-WRONGTYPE"))
            #expect(response.status == 409)
        }
    }

    private static func encodeBulk(_ bytes: [UInt8]) -> [UInt8] {
        Array("$\(bytes.count)\r\n".utf8) + bytes + Array("\r\n".utf8)
    }

    @Test("keys without one of the prefixes are not cached, and cost the server no memory")
    func prefixes() throws {
        let tracked = try TrackedRedis(Self.modes[1])
        try tracked.straight.command("SET", "other", "x")
        for _ in 0..<20 { #expect(try !tracked.isHit("other")) }
        try tracked.cache("k")
        #expect(try tracked.server.info("tracking_total_keys") == "0")
        #expect(try tracked.server.info("tracking_total_prefixes") == "2")
    }

    @Test("a server that can remember only a few of the keys that were read drops the others by announcing them")
    func trackingTableLimit() throws {
        let tracked = try TrackedRedis(redis: ["--tracking-table-max-keys", "10"])
        let keys = (0..<100).map { "k\($0)" }
        for key in keys { try tracked.straight.command("SET", key, "old") }
        for key in keys { #expect(try tracked.reader.command("GET", key) == .text("old")) }
        for key in keys { try tracked.straight.command("SET", key, "new") }
        for key in keys { try tracked.expectSoon(key, .text("new")) }
        try tracked.cache("k0")
    }

    @Test("an absent key is kept as absent, over both protocols, until somebody sets it")
    func absent() throws {
        let tracked = try TrackedRedis()
        try tracked.cache("nosuch")
        #expect(try tracked.reader.command("GET", "nosuch") == .null)
        let response = try tracked.redis.http.get("/nosuch")
        #expect(response.text == "")
        try tracked.straight.command("SET", "nosuch", "now")
        try tracked.expectSoon("nosuch", .text("now"))
    }

    @Test("what is not announced is noticed at the next heartbeat: nobody is let in any more without a password")
    func admission() throws {
        let tracked = try TrackedRedis()
        try tracked.straight.command("SET", "k", "v")
        try tracked.cache("k")
        try tracked.straight.command("CONFIG", "SET", "requirepass", "secret")
        try eventually(within: .seconds(4), "a new client is not let in") {
            try tracked.redis.connection().roundTrip("GET", "k").hasPrefix("-NOAUTH")
        }
    }
}
