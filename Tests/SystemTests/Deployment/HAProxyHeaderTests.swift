import Foundation
import TestSupport
import Testing

@Suite(
    "deploy/haproxy-proxy-protocol.cfg, run by HAProxy", .blocking,
    .notOverTLS("HAProxy passes on what it is given there, and the tests say what that is"))
struct HAProxyHeaderTests {
    private let server: RedisServer
    private let certificates: TestCertificates

    init() throws {
        self.server = try RedisServer()
        self.certificates = try TestCertificates()
    }

    /// Two proxies that take headers from this machine, and HAProxy in front of them: on `port`, and on `strangers` as for clients that come from
    /// an address of the Internet.
    private struct Stage {
        let proxies: [ProxyProcess]
        let admins: [Int]
        let port: Int
        let strangers: Int
        let haproxy: HAProxy

        init(
            _ server: RedisServer, _ environment: [String: String] = [:],
            _ change: (inout String) throws -> Void = { _ in }
        ) throws {
            let admins = try (0..<2).map { _ in try freePort() }
            self.proxies = try admins.map { admin in
                let base = ["ADMIN_PORT": "\(admin)", "PROXY_PROTOCOL_FROM": "127.0.0.0/8"]
                return try ProxyProcess(fronting: server, environment: base.merging(environment) { $1 })
            }
            self.admins = admins
            self.port = try freePort()
            self.strangers = try freePort()
            var file = try DeployedFile("haproxy-proxy-protocol.cfg")
            try file.replace("bind 127.0.0.1:6379", with: "bind 127.0.0.1:\(self.port)")
            for (address, (proxy, admin)) in zip(["10.0.0.11", "10.0.0.12"], zip(self.proxies, admins)) {
                try file.replace("\(address):8000", with: "127.0.0.1:\(proxy.port)")
                let line = "127.0.0.1:\(proxy.port) send-proxy-v2 check port "
                try file.replace(line + "9121", with: line + "\(admin)")
            }
            var text = file.text
            try change(&text)
            text += """

                frontend strangers
                    bind 127.0.0.1:\(self.strangers)
                    mode tcp
                    tcp-request connection set-src str(203.0.113.9)
                    default_backend proxies

                """
            self.haproxy = try HAProxy(text, accepting: self.port)
        }

        /// The sum of a metric of both proxies.
        func metric(_ name: String) throws -> Int {
            try self.admins.map { try HTTPClient(port: $0).metric(name) ?? 0 }.reduce(0, +)
        }

        var log: String { self.proxies.map(\.log).joined() }
    }

    @Test("redis-cli and curl are served on one port, and a client from elsewhere is not, in PROTECTED_MODE")
    func plaintext() throws {
        let stage = try Stage(self.server)
        for index in 0..<4 { #expect(try redisCLI(port: stage.port, "SET", "k\(index)", "v") == "OK") }
        #expect(try HTTPClient(port: stage.port).get("/k0").text == #"{"key":"k0","value":"v"}"#)
        let denied = try run("redis-cli", ["-p", "\(stage.strangers)", "GET", "k0"])
        #expect((denied.output + denied.errors).contains("DENIED Redis is running in protected mode"))
        let response = try HTTPClient(port: stage.strangers).get("/k0")
        #expect(response.status == 403 && response.text.contains("PROTECTED_MODE"))
        #expect(try stage.metric("redis_proxy_connections_refused_total{reason=\"protected_mode\"}") == 2)
        #expect(stage.log.split(separator: "\n").count == 2, "the lines of the start: \(stage.log)")
    }

    @Test("TLS is passed through behind the header, for both protocols")
    func passthrough() throws {
        let identity = try self.certificates.identity("listener")
        let stage = try Stage(
            self.server, ["TLS_CERT_FILE": identity.certificate, "TLS_KEY_FILE": identity.key])
        let tls = ["--tls", "--cacert", self.certificates.authority]
        #expect(try redisCLI(port: stage.port, arguments: tls + ["SET", "k", "v"]) == "OK")
        let curl = ["-sS", "--cacert", self.certificates.authority]
        let response = try run("curl", curl + ["https://localhost:\(stage.port)/k"])
        #expect(response.output == #"{"key":"k","value":"v"}"#, "\(response.errors)")
        let denied = try run("redis-cli", tls + ["-p", "\(stage.strangers)", "PING"])
        #expect((denied.output + denied.errors).contains("DENIED Redis is running in protected mode"))
        #expect(try run("curl", curl + ["https://localhost:\(stage.strangers)/k"]).output.contains("PROTECTED_MODE"))
        let plain = try run("redis-cli", ["-p", "\(stage.port)", "PING"])
        #expect((plain.output + plain.errors).contains("this port speaks TLS"))
    }

    @Test(
        "the checks that the file shows beside pass by LOCAL, and tell when a proxy is gone; HAProxy's checksums are right"
    )
    func checks() throws {
        let stage = try Stage(self.server) { text in
            var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            lines.removeAll { $0.hasPrefix("    option httpchk") || $0.hasPrefix("    server ") }
            lines = lines.map { $0.hasPrefix("#    ") ? String($0.dropFirst()) : $0 }
            text = lines.joined(separator: "\n").replacingOccurrences(
                of: "check-send-proxy", with: "check-send-proxy proxy-v2-options crc32c,unique-id inter 200ms"
            ).replacingOccurrences(of: "timeout connect 1s", with: "timeout connect 30s\n    timeout check 30s")
        }
        #expect(try redisCLI(port: stage.port, "SET", "k", "v") == "OK")
        let before = try stage.metric("redis_proxy_connections_accepted_total")
        try eventually("checks have come") {
            try stage.metric("redis_proxy_connections_accepted_total") >= before + 10
        }
        #expect(!stage.haproxy.process.errors.contains("is DOWN"), "\(stage.haproxy.process.errors) \(stage.log)")
        #expect(try stage.metric("redis_proxy_proxy_headers_failed_total{reason=\"checksum\"}") == 0)
        let denied = try run("redis-cli", ["-p", "\(stage.strangers)", "GET", "k"])
        #expect((denied.output + denied.errors).contains("DENIED"), "the header is read with its checksum")
        stage.proxies[0].process.signal(SIGTERM)
        try eventually("the one that is gone is down") { stage.haproxy.process.errors.contains("proxies/one is DOWN") }
        for _ in 0..<4 { #expect(try redisCLI(port: stage.port, "GET", "k") == "v") }
    }
}
