import Foundation
import TestSupport
import Testing

@Suite("the admin port", .blocking)
struct AdminTests {
    private func start() throws -> (redis: ProxiedRedis, admin: HTTPClient, port: Int) {
        let port = try freePort()
        return (try ProxiedRedis.byExpiry(["ADMIN_PORT": "\(port)"]), HTTPClient(port: port), port)
    }

    /// The sum of all samples whose line holds all the words.
    private func metric(_ admin: HTTPClient, _ words: String...) throws -> Double {
        let page = try admin.get("/metrics")
        #expect(page.status == 200)
        let lines = page.text.split(separator: "\n").filter { line in
            !line.hasPrefix("#") && words.allSatisfy { line.contains($0) }
        }
        return lines.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }

    @Test("healthz is well while the process is, readyz while the backing is reachable")
    func health() throws {
        let (redis, admin, port) = try self.start()
        #expect(try admin.get("/healthz").status == 200)
        try eventually("ready") { try admin.get("/readyz").status == 200 }
        #expect(try admin.get("/readyz").text.contains("expiry"), "which coherence")
        #expect(try admin.get("/nosuch").status == 404)
        let environment = ["ADMIN_PORT": "\(port)"]
        #expect(try ProxyProcess.runToEnd(environment: environment, arguments: ["--health"]).ending == .exited(0))
        try redis.server.kill()
        try eventually("not ready") { try admin.get("/readyz").status == 503 }
        #expect(try admin.get("/healthz").status == 200)
        try redis.server.restart()
        try eventually("ready again") { try admin.get("/readyz").status == 200 }
        redis.proxy.process.signal(SIGKILL)
        _ = try redis.proxy.process.wait()
        #expect(try ProxyProcess.runToEnd(environment: environment, arguments: ["--health"]).ending == .exited(1))
    }

    @Test("a look at the ports takes no place, is not counted, and opens nothing to the server")
    func looksUncounted() throws {
        let (port, http) = (try freePort(), try freePort())
        let redis = try ProxiedRedis.byExpiry([
            "ADMIN_PORT": "\(port)", "HTTP_PORT": "\(http)", "MAX_CONNECTIONS": "1",
        ])
        let admin = HTTPClient(port: port)
        // The connection that looked whether the port accepts may still hold the only place.
        var holder: RawConnection?
        try eventually("the only place") {
            let connection = try redis.connection()
            try? connection.send("PING\r\n")
            if (try? connection.receiveReply()) == Array("+PONG\r\n".utf8) { holder = connection }
            return holder != nil
        }
        try eventually("ready") { try admin.get("/readyz").status == 200 }
        let accepted = try metric(admin, "connections_accepted_total")
        let requests = try metric(admin, "requests_total{")
        let refused = try metric(admin, "connections_refused_total")
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .milliseconds(2500) {
            #expect(try admin.get("/readyz").status == 200)
            #expect(try admin.get("/healthz").status == 200)
        }
        #expect(try metric(admin, "connections_accepted_total") == accepted)
        #expect(try metric(admin, "requests_total{") == requests)
        #expect(try metric(admin, "connections_refused_total") == refused)
        #expect(try holder?.roundTrip("PING") == "+PONG\r\n")
    }

    @Test("while no client can be accepted both are unwell, it is logged and counted, and it passes")
    func outOfDescriptors() throws {
        let (redis, _, port) = try self.start()
        try eventually("ready") { try HTTPClient(port: port).get("/readyz").status == 200 }
        let admin = try RawConnection(port: port, limit: .seconds(30))
        func status(_ path: String) throws -> Int {
            try admin.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
            do {
                return try admin.receiveHTTPResponse().status
            } catch {
                let ending = try? redis.proxy.process.wait(within: .milliseconds(500))
                throw TestSupportError("\(path): \(error), process \(String(describing: ending)): \(redis.proxy.log)")
            }
        }
        #expect(try status("/healthz") == 200)
        let process = redis.proxy.process.pid
        func limit(_ descriptors: String) throws {
            let result = try ProxyProcess.runAsItsUser("prlimit", "--pid", "\(process)", "--nofile=\(descriptors):")
            try #require(result.ending == .exited(0), "\(result.errors)")
        }
        try limit("5")
        let waiting = BackgroundWork { try redis.connection(limit: .seconds(60)).roundTrip("PING") }
        try eventually("unwell") { try status("/healthz") == 503 }
        #expect(try status("/readyz") == 503)
        try eventually("a line") { redis.proxy.log.contains("a client could not be served") }
        try admin.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        let page = try admin.receiveHTTPResponse().text
        #expect(
            page.contains("redis_proxy_connections_failed_total ") && !page.contains("connections_failed_total 0\n"))
        try limit("1024")
        try eventually("well again") { try status("/readyz") == 200 }
        #expect(try waiting.wait() == "+PONG\r\n", "who has waited is served")
    }

    @Test("metrics are Prometheus text, and the cache's counters count")
    func metrics() throws {
        let (redis, admin, _) = try self.start()
        let client = try redis.client()
        try redis.setBehind("k", "value")
        let misses = try self.metric(admin, "cache_misses")
        let hits = try self.metric(admin, "cache_hits")
        for _ in 0..<11 { try client.command("GET", "k") }
        #expect(try self.metric(admin, "cache_misses") == misses + 1)
        #expect(try self.metric(admin, "cache_hits") == hits + 10)
        #expect(try self.metric(admin, "cache_entries") == 1)
        #expect(try self.metric(admin, "cache_bytes") >= 6)
        let page = try admin.get("/metrics")
        #expect(page["content-type"]?.hasPrefix("text/plain") == true)
        for line in page.text.split(separator: "\n") {
            let sample = try /[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^}]*\})? [-+0-9.eEInfNa]+/.wholeMatch(in: line)
            #expect(line.hasPrefix("# HELP ") || line.hasPrefix("# TYPE ") || sample != nil, "\(line)")
        }
        #expect(page.text.contains("_bucket{") && page.text.contains("le=\"+Inf\""), "a latency histogram")
    }

    @Test("the admin port is no facade: it tells no keys, and the proxy's port tells no metrics")
    func separation() throws {
        let (redis, admin, _) = try self.start()
        try redis.setBehind("k", "value")
        #expect(try admin.get("/k").status == 404)
        #expect(try redis.http.get("/metrics").status == 204, "a key like any other")
    }

    @Test("without ADMIN_PORT there is none")
    func off() throws {
        let redis = try ProxiedRedis.byExpiry()
        #expect(try ProxyProcess.runToEnd(arguments: ["--health"]).ending != .exited(0))
        #expect(redis.proxy.process.isRunning)
    }
}
