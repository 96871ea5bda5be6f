import Foundation
import TestSupport
import Testing

@Suite("deploy/haproxy.cfg, run by HAProxy", .blocking, .notOverTLS("HAProxy speaks plaintext with the proxy there"))
struct HAProxyTests {
    /// HAProxy in front of two proxies.
    private struct Balancer {
        let respPort: Int
        let httpPort: Int
        private let haproxy: HAProxy

        init(fronting proxies: [(port: Int, admin: Int)]) throws {
            self.respPort = try freePort()
            self.httpPort = try freePort()
            var file = try DeployedFile("haproxy.cfg")
            try file.replace("bind 127.0.0.1:6379", with: "bind 127.0.0.1:\(self.respPort)")
            try file.replace("bind 127.0.0.1:8080", with: "bind 127.0.0.1:\(self.httpPort)")
            for (address, proxy) in zip(["10.0.0.11", "10.0.0.12"], proxies) {
                try file.replace(
                    "\(address):8000 check port 9121", with: "127.0.0.1:\(proxy.port) check port \(proxy.admin)")
            }
            self.haproxy = try HAProxy(file.text, accepting: self.respPort)
        }
    }

    @Test("RESP and HTTP reach the proxies, and only those whose Redis answers")
    func served() throws {
        let server = try RedisServer()
        try server.command("SET", "k", "value")
        let admins = try (0..<2).map { _ in try freePort() }
        // As the file says of proxies on other machines.
        let proxies = try admins.map { admin in
            try ProxyProcess(fronting: server, environment: ["ADMIN_PORT": "\(admin)", "PROTECTED_MODE": "off"])
        }
        let haproxy = try Balancer(fronting: zip(proxies, admins).map { ($0.port, $1) })
        func served() throws -> [Int] {
            try admins.map { admin in
                let metrics = try HTTPClient(port: admin).get("/metrics").text
                let lines = metrics.split(separator: "\n").filter {
                    $0.hasPrefix("redis_proxy_requests_total{protocol=\"resp\"")
                }
                return lines.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
            }
        }
        let clients = try (0..<4).map { _ in try HiredisClient(port: haproxy.respPort) }
        for client in clients { #expect(try client.command("GET", "k") == .text("value")) }
        #expect(try served().allSatisfy { $0 > 0 }, "both have clients")
        let http = HTTPClient(port: haproxy.httpPort)
        #expect(try http.get("/k", headers: ["Host: cache.example.org", "Accept: text/plain"]).text == "value")
        for index in 0..<20 { #expect(try http.get("/none\(index)").status == 204) }

        proxies[0].process.signal(SIGTERM)
        _ = try proxies[0].process.wait()
        // Until the checks have failed three times, at two seconds each, some still come to the one that is gone.
        try eventually(within: .seconds(30), "the other one serves all") {
            try (0..<10).allSatisfy { index in try http.get("/none\(index)").status == 204 }
                && (try? HiredisClient(port: haproxy.respPort).command("GET", "k")) == .text("value")
        }
        try server.kill()
        try eventually(within: .seconds(30), "HAProxy says that none is ready") { try http.get("/k").status == 503 }
    }
}
