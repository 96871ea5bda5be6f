import TestSupport
import Testing

@Suite("CACHE_STALE_IF_ERROR: while the backing is away, old values are better than none", .blocking)
struct ServeStaleTests {
    @Test("they are served, marked over HTTP and counted, until the backing is back; no longer than so many seconds")
    func away() throws {
        let port = try freePort()
        let tracked = try TrackedRedis(["CACHE_STALE_IF_ERROR": "3", "ADMIN_PORT": "\(port)"])
        let admin = HTTPClient(port: port)
        try tracked.cache("k", "old")
        let cached = ContinuousClock.now
        try tracked.server.kill()
        let client = try tracked.redis.client()
        var stale = 0
        try eventually("its time is over") {
            let began = ContinuousClock.now
            let reply = try client.command("GET", "k")
            guard reply != .text("old") else {
                stale += 1
                #expect(began - cached < .seconds(4))
                return false
            }
            return reply.isError("ERR redis-proxy")
        }
        #expect(stale > 0)
        #expect(try tracked.redis.http.get("/k").status == 503)
        let served = try admin.metric(#"redis_proxy_requests_total{protocol="resp",kind="stale",outcome="ok"}"#)
        #expect(served ?? 0 >= stale)
        try tracked.server.restart()
        try eventually("the server is asked again") { (try? client.command("GET", "k")) == .null }
    }

    @Test("over HTTP they are marked, with their age, and no fresh one is")
    func marked() throws {
        let tracked = try TrackedRedis(["CACHE_STALE_IF_ERROR": "60"])
        try tracked.cache("k", "old")
        try tracked.cache("changed", "old")
        let fresh = try tracked.redis.http.get("/k")
        #expect(fresh["x-cache"] == "HIT")
        // What is known to have changed is not served again.
        try tracked.straight.command("SET", "changed", "new")
        try tracked.expectSoon("changed", .text("new"))
        try tracked.straight.command("SET", "changed", "newer")
        try eventually("it was announced") { try tracked.reader.command("GET", "changed") == .text("newer") }
        try tracked.straight.command("DEL", "changed")
        try tracked.expectSoon("changed", .null)
        try tracked.server.kill()
        try eventually("stale") {
            let response = try tracked.redis.http.get("/k")
            #expect(response.text == #"{"key":"k","value":"old"}"#)
            #expect(response["age"].flatMap { Int($0) } != nil)
            return response["x-cache"] == "STALE"
        }
        #expect(try tracked.redis.http.get("/changed").status == 503)
    }

    @Test("without it there is an error at once")
    func off() throws {
        let tracked = try TrackedRedis()
        try tracked.cache("k", "old")
        try tracked.server.kill()
        try eventually("nothing is served") { try tracked.redis.client().command("GET", "k").isError("ERR") }
        #expect(try tracked.redis.http.get("/k").status == 503)
    }
}
