import Foundation
import TestSupport
import Testing

@Suite("what the fill user may no longer read is not served from the cache for longer than a heartbeat", .blocking)
struct LostRightsTests {
    private static let filler = "filler on >secret ~* &* +@all"
    private static let asFiller = ["REDIS_USERNAME": "filler", "REDIS_PASSWORD": "secret", "CLIENT_AUTH": "trust"]

    /// Changes the rules while `k` is cached, and expects the server's own answer, over RESP and over HTTP.
    private func expectEnd(_ tracked: TrackedRedis, _ code: String, _ change: () throws -> Void) throws {
        try tracked.cache("k", "v")
        let browser = try tracked.redis.connection()
        #expect(try browser.httpGet("/k").text == #"{"key":"k","value":"v"}"#)
        try change()
        let client = try tracked.redis.client()
        try eventually(within: .seconds(10), "it is refused") { try client.command("GET", "k").isError(code) }
        // Its event loop has a fill connection of its own, which the server may just have closed: for a moment the answer says that.
        try eventually(within: .seconds(10), "it is refused over HTTP") {
            let answer = try browser.httpGet("/k").text
            #expect(!answer.contains(#""value""#))
            return answer.contains(code)
        }
        for _ in 0..<20 { #expect(try client.command("GET", "k").isError(code)) }
    }

    @Test("the keys that it may read, or its commands, are changed", arguments: [["resetkeys", "~other:*"], ["-get"]])
    func changed(rules: [String]) throws {
        let tracked = try TrackedRedis(Self.asFiller, users: [Self.filler])
        try self.expectEnd(tracked, "NOPERM") { try tracked.straight.command(["ACL", "SETUSER", "filler"] + rules) }
        try tracked.straight.command("ACL", "SETUSER", "filler", "+@all", "allkeys")
        try tracked.cache("k")
    }

    @Test(
        "it is the default user, and its keys or commands are changed",
        arguments: [["resetkeys", "~other:*"], ["-get"]])
    func defaultUser(rules: [String]) throws {
        let tracked = try TrackedRedis()
        try self.expectEnd(tracked, "NOPERM") { try tracked.straight.command(["ACL", "SETUSER", "default"] + rules) }
    }

    @Test("it is deleted")
    func deleted() throws {
        let tracked = try TrackedRedis(Self.asFiller, users: [Self.filler])
        try self.expectEnd(tracked, "WRONGPASS") { try tracked.straight.command("ACL", "DELUSER", "filler") }
    }

    @Test("the server reads its file of rules again")
    func loaded() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("acl-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("users.acl")
        let everybody = "user default on nopass ~* &* +@all\n"
        try Data((everybody + "user \(Self.filler)\n").utf8).write(to: file)
        let tracked = try TrackedRedis(Self.asFiller, redis: ["--aclfile", file.path])
        try self.expectEnd(tracked, "NOPERM") {
            try Data((everybody + "user filler on >secret ~other:* &* +@all\n").utf8).write(to: file)
            try tracked.straight.command("ACL", "LOAD")
        }
    }

    @Test("a change that is none costs the cache once, and then hits go on")
    func unchanged() throws {
        let tracked = try TrackedRedis(Self.asFiller, users: [Self.filler])
        try tracked.cache("k", "v")
        let before = try tracked.fetches
        try tracked.straight.command("ACL", "SETUSER", "somebody", "on")
        try eventually(within: .seconds(10), "it is asked anew") {
            #expect(try tracked.reader.command("GET", "k") == .text("v"))
            return try tracked.fetches > before
        }
        try tracked.cache("k")
    }
}
