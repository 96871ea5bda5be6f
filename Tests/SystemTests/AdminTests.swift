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
