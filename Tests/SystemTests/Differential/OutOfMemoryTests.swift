import TestSupport
import Testing

@Suite("a server at its memory limit", .blocking)
struct OutOfMemoryTests {
    @Test("it refuses writes and answers reads", arguments: ["0", "1000"])
    func readsAtTheLimit(capacity: String) throws {
        let redis = try ProxiedRedis(["CACHE_CAPACITY": capacity])
        let model = try RedisServer()
        for server in [redis.server, model] {
            try server.command("SET", "k", "v")
            try server.command("CONFIG", "SET", "maxmemory", "1")
        }
        let script = "GET k\r\nGET nosuch\r\nSET k w\r\nGET k\r\nSTRLEN k\r\n"
        try compareAnswers(to: script, redis.connection(), RawConnection(port: model.port))
    }

    @Test("it is read over HTTP as at any other time, in each form and by its tag")
    func overHTTP() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.server.command("SET", "k", "value")
        try redis.server.command("CONFIG", "SET", "maxmemory", "1")
        let raw = "Accept: application/octet-stream"
        let head = try redis.http.request("/k", method: "HEAD", headers: [raw])
        #expect(head.status == 200)
        #expect(head["content-length"] == "5")
        let tag = try #require(head["etag"])
        #expect(try redis.http.get("/k", headers: [raw, "If-Match: \(tag)"]).text == "value")
        #expect(try redis.http.get("/k", headers: [raw, "If-None-Match: \(tag)"]).status == 304)
        #expect(try redis.http.get("/k").text == #"{"key":"k","value":"value"}"#)
    }
}
