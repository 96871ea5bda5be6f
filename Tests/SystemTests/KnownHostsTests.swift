import TestSupport
import Testing

@Suite("a web page that has its own name resolve to this machine reads nothing (DNS rebinding)", .blocking)
struct KnownHostsTests {
    private func status(_ redis: ProxiedRedis, host: String, user: String? = nil) throws -> Int {
        try redis.http.request("/k", headers: ["Host: \(host)"], user: user).status
    }

    @Test("while everybody on this machine is served, a host that is not known is 421, and the body names the option")
    func unknown() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("k", "value")
        let response = try redis.http.get("/k", headers: ["Host: evil.example:8000"])
        #expect(response.status == 421)
        #expect(response.text.contains("HTTP_ALLOWED_HOSTS"))
        #expect(response["content-type"] == "application/json")
        for host in ["localhost", "app.localhost:8000", "127.0.0.1", "192.0.2.1:80", "[::1]:8000"] {
            #expect(try self.status(redis, host: host) == 200, "\(host)")
        }
        let old = try redis.connection()
        try old.send("GET /k HTTP/1.0\r\n\r\n")
        #expect(try old.receiveHTTPResponse().status == 200, "HTTP/1.0 need not name any")
        let absolute = try redis.connection()
        try absolute.send("GET http://evil.example/k HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try absolute.receiveHTTPResponse().status == 421)
    }

    @Test("the names of HTTP_ALLOWED_HOSTS and the one in PROXY_HOST are known")
    func configured() throws {
        // An address to the resolver, and a name to HTTP.
        let redis = try ProxiedRedis.byExpiry([
            "PROXY_HOST": "127.1", "HTTP_ALLOWED_HOSTS": "cache.example, my_cache",
        ])
        try redis.setBehind("k", "value")
        for host in ["cache.example", "Cache.Example:443", "my_cache", "127.1"] {
            #expect(try self.status(redis, host: host) == 200, "\(host)")
        }
        for host in ["example", "other.cache.example", "127.2"] {
            #expect(try self.status(redis, host: host) == 421, "\(host)")
        }
    }

    @Test("without protected mode, or where Redis asks for a password, any host will do")
    func doesNotMatter() throws {
        let open = try ProxiedRedis.byExpiry(["PROTECTED_MODE": "off"])
        try open.setBehind("k", "value")
        #expect(try self.status(open, host: "any.example") == 200)
        let safe = try ProxiedRedis.byExpiry(["REDIS_PASSWORD": "secret"], password: "secret")
        try safe.setBehind("k", "value")
        #expect(try self.status(safe, host: "any.example") == 401)
        #expect(try self.status(safe, host: "any.example", user: ":secret") == 200)
        // A password that nobody asks for protects nobody.
        let idle = try ProxiedRedis.byExpiry(["REDIS_PASSWORD": "secret"], users: ["default on nopass ~* &* +@all"])
        try eventually("it is known that no password is needed") { try self.status(idle, host: "any.example") == 421 }
    }

    @Test("while it is not known whether Redis asks for a password, hosts must be known")
    func notKnown() throws {
        let port = try freePort()
        let proxy = try ProxyProcess(environment: ["REDIS_HOST": "127.0.0.1", "REDIS_PORT": "\(port)"])
        #expect(try proxy.http.get("/k", headers: ["Host: any.example"]).status == 421)
        #expect(try proxy.http.get("/k").status == 503)
    }
}
