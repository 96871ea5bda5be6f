import Foundation
import TestSupport
import Testing

@Suite("the backing speaks TLS", .blocking, .enabled(if: ServerProgram.current.speaksTLS, .noTLS))
struct BackingTLSTests {
    private let certificates: TestCertificates

    init() throws {
        self.certificates = try TestCertificates()
    }

    private func proxy(
        _ server: RedisServer, port: Int? = nil, host: String = "localhost", _ environment: [String: String] = [:]
    ) throws -> ProxyProcess {
        let base = [
            "REDIS_HOST": host, "REDIS_PORT": "\(port ?? server.tlsPort)", "REDIS_TLS": "on",
            "REDIS_TLS_CA_FILE": self.certificates.authority,
        ]
        return try ProxyProcess(environment: base.merging(environment) { $1 })
    }

    @Test("hits, misses, writes, state, announcements, streamed values and HTTP are as over TCP")
    func allWays() throws {
        let server = try RedisServer(tls: self.certificates.identity("server"))
        let proxy = try self.proxy(server)
        let client = try proxy.client()
        try eventually("the proxy serves") { try client.command("SET", "k", "v") == .status("OK") }
        try eventually("it hits: \(proxy.log)") {
            let before = try server.calls(of: "get")
            guard try client.command("GET", "k") == .text("v") else { return false }
            return try server.calls(of: "get") == before
        }
        try server.command("SET", "k", "changed past the proxy")
        try eventually("the change is seen") { try client.command("GET", "k") == .text("changed past the proxy") }
        #expect(try client.command("MULTI") == .status("OK"))
        #expect(try client.command("INCR", "n") == .status("QUEUED"))
        #expect(try client.command("EXEC") == .array([.integer(1)]))
        #expect(try proxy.http.get("/k").text == #"{"key":"k","value":"changed past the proxy"}"#)
        let big = [UInt8](repeating: UInt8(ascii: "x"), count: 3 << 20)
        #expect(try client.command([Array("SET".utf8), Array("big".utf8), big]) == .status("OK"))
        #expect(try client.command("GET", "big") == .bulk(big))
        let clients = try server.command("CLIENT", "LIST").string ?? ""
        let plain = clients.split(separator: "\n").filter { $0.contains(" laddr=127.0.0.1:\(server.port) ") }
        #expect(plain.count == 1, "only the question itself came without TLS: \(clients)")
    }

    private static let systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

    @Test(
        "without REDIS_TLS_CA_FILE the system's authorities are trusted; where it has none the start fails",
        .enabled(
            if: SandboxTests.hasNamespaces && FileManager.default.fileExists(atPath: systemAuthorities),
            "another file cannot be put in the place of the system's authorities"))
    func systemRoots() throws {
        let server = try RedisServer(tls: self.certificates.identity("server"))
        let environment = ["REDIS_HOST": "localhost", "REDIS_PORT": "\(server.tlsPort)", "REDIS_TLS": "on"]
        let programs = try ProxyProcess.programFolder()
        let sandbox = SandboxTests.container + ["--ro-bind", programs, programs]
        let trusting = sandbox + ["--ro-bind", self.certificates.authority, Self.systemAuthorities]
        try Self.expectServed(ProxyProcess(environment: environment, under: trusting))
        try Self.expect(
            ProxyProcess(environment: environment, under: sandbox),
            says: "is by an authority that is not trusted here; REDIS_TLS_CA_FILE names")
        let bare = sandbox + ["--tmpfs", "/etc/ssl"]
        let result = try ProxyProcess.runToEnd(environment: environment, under: bare)
        #expect(result.ending == .exited(64))
        #expect(
            result.errors.contains(
                "REDIS_TLS_CA_FILE: this system has no certificates of authorities, expected the package ca-certificates"
            ),
            "\(result.errors)")
    }

    @Test("the server's certificate must be by an authority that is trusted")
    func unknownAuthority() throws {
        let server = try RedisServer(tls: self.certificates.identity("server"))
        let others = try TestCertificates("another authority")
        let proxy = try self.proxy(server, ["REDIS_TLS_CA_FILE": others.authority])
        try Self.expect(proxy, says: "is by an authority that is not trusted here; REDIS_TLS_CA_FILE names")
    }

    @Test("it must be for the host, or for REDIS_TLS_SERVER_NAME")
    func wrongName() throws {
        let server = try RedisServer(tls: self.certificates.identity("server", names: "DNS:redis.example"))
        try Self.expect(self.proxy(server), says: "its certificate is not for localhost; REDIS_TLS_SERVER_NAME names")
        let named = try self.proxy(server, ["REDIS_TLS_SERVER_NAME": "redis.example"])
        try Self.expectServed(named)
    }

    @Test("an address in the certificate will do where the host is one")
    func address() throws {
        let server = try RedisServer(tls: self.certificates.identity("server", names: "IP:127.0.0.1"))
        try Self.expectServed(self.proxy(server, host: "127.0.0.1"))
        try Self.expect(self.proxy(server), says: "its certificate is not for localhost")
    }

    @Test("it must be valid now")
    func dates() throws {
        let expired = try RedisServer(tls: self.certificates.identity("expired", days: -20 ... -10))
        try Self.expect(self.proxy(expired), says: "its certificate has expired")
        let early = try RedisServer(tls: self.certificates.identity("early", days: 10...20))
        try Self.expect(self.proxy(early), says: "its certificate is not valid yet")
    }

    @Test("REDIS_TLS_VERIFY=off takes any certificate, and says so at start")
    func notVerified() throws {
        let server = try RedisServer(
            tls: self.certificates.identity("server", names: "DNS:redis.example", days: -20 ... -10))
        let proxy = try self.proxy(server, ["REDIS_TLS_VERIFY": "off"])
        try Self.expectServed(proxy)
        try eventually("it says so") { proxy.log.contains("REDIS_TLS_VERIFY is off") }
    }

    @Test("a server that asks for a certificate is shown ours")
    func clientCertificate() throws {
        let server = try RedisServer(
            tls: self.certificates.identity("server"), authority: self.certificates.authority)
        try Self.expect(self.proxy(server), says: "it asks for a certificate; REDIS_TLS_CERT_FILE names ours")
        let ours = try self.certificates.identity("ours", commonName: "the proxy")
        let shown = ["REDIS_TLS_CERT_FILE": ours.certificate, "REDIS_TLS_KEY_FILE": ours.key]
        try Self.expectServed(self.proxy(server, shown))
        let others = try TestCertificates("another authority")
        let stranger = try others.identity("stranger")
        let refused = try self.proxy(
            server, ["REDIS_TLS_CERT_FILE": stranger.certificate, "REDIS_TLS_KEY_FILE": stranger.key])
        try Self.expect(refused, says: "it does not accept the certificate of REDIS_TLS_CERT_FILE")
    }

    @Test("a key that is encrypted is read with its password")
    func encryptedKey() throws {
        let server = try RedisServer(
            tls: self.certificates.identity("server"), authority: self.certificates.authority)
        let ours = try self.certificates.identity("ours")
        let key = self.certificates.path("encrypted.key")
        try TestCertificates.openssl("pkcs8", "-topk8", "-in", ours.key, "-out", key, "-passout", "pass:secret")
        let password = self.certificates.path("password")
        try TestCertificates.openssl("rand", "-hex", "-out", password, "4")
        let shown = ["REDIS_TLS_CERT_FILE": ours.certificate, "REDIS_TLS_KEY_FILE": key]
        func refusal(_ more: [String: String]) throws -> String {
            let environment = ["REDIS_TLS": "on", "REDIS_TLS_CA_FILE": self.certificates.authority]
            let result = try ProxyProcess.runToEnd(
                environment: environment.merging(shown) { $1 }.merging(more) { $1 })
            #expect(result.ending == .exited(64))
            return result.errors
        }
        #expect(try refusal([:]).contains("it is encrypted, and REDIS_TLS_KEY_PASSWORD_FILE names no password"))
        #expect(
            try refusal(["REDIS_TLS_KEY_PASSWORD_FILE": password]).contains(
                "the password of REDIS_TLS_KEY_PASSWORD_FILE is not the key's"))
        try self.certificates.write("secret\n", to: password)
        try Self.expectServed(
            self.proxy(server, shown.merging(["REDIS_TLS_KEY_PASSWORD_FILE": password]) { $1 }))
    }

    @Test("a port that does not speak TLS is told from one that does")
    func plaintextServer() throws {
        let server = try RedisServer()
        let proxy = try self.proxy(server, port: server.port)
        try Self.expect(proxy, says: "speak TLS on that port")
        let hole = try BlackHole()
        let silent = try self.proxy(server, port: hole.port, host: "127.0.0.1", ["REDIS_CONNECT_TIMEOUT": "0.5"])
        try Self.expect(silent, says: "not reachable")
        withExtendedLifetime(hole) {}
    }

    @Test("what cannot be used stops the start, and the option is named")
    func wrongFiles() throws {
        let ours = try self.certificates.identity("ours")
        let other = try self.certificates.identity("other")
        func refusal(_ environment: [String: String]) throws -> String {
            let result = try ProxyProcess.runToEnd(environment: environment)
            #expect(result.ending == .exited(64))
            return result.errors
        }
        #expect(try refusal(["REDIS_TLS_CA_FILE": ours.certificate]).contains("given while REDIS_TLS is off"))
        #expect(
            try refusal(["REDIS_TLS": "on", "REDIS_TLS_CA_FILE": "/nosuch"]).contains(
                "REDIS_TLS_CA_FILE: /nosuch cannot be read: No such file or directory"))
        #expect(
            try refusal(["REDIS_TLS": "on", "REDIS_TLS_CA_FILE": ours.key]).contains("holds no certificate in PEM form")
        )
        #expect(
            try refusal(["REDIS_TLS": "on", "REDIS_TLS_CERT_FILE": ours.certificate]).contains(
                "REDIS_TLS_CERT_FILE: needs REDIS_TLS_KEY_FILE beside it"))
        let mixed = ["REDIS_TLS_CERT_FILE": ours.certificate, "REDIS_TLS_KEY_FILE": other.key]
        #expect(
            try refusal(
                mixed.merging(["REDIS_TLS": "on", "REDIS_TLS_CA_FILE": self.certificates.authority]) { $1 }
            ).contains("is not that of the certificate in"))
        #expect(
            try refusal(["REDIS_TLS": "on", "REDIS_HOST": "/tmp/socket"]).contains("the backing is a Unix socket"))
    }

    @Test("a connection that is cut without close_notify is lost, and no short value is given or kept")
    func cut() throws {
        let server = try RedisServer(tls: self.certificates.identity("server"))
        let proxy = try self.proxy(server)
        let client = try proxy.client()
        try eventually("the proxy serves") { try client.command("SET", "k", "v") == .status("OK") }
        let session = try proxy.connection()
        #expect(try session.roundTrip("MULTI") == "+OK\r\n")
        try server.kill()
        #expect(try session.receiveToEnd().bytes.isEmpty, "its transaction is lost, so it is closed")
        try server.restart()
        try eventually("it serves again") { try client.command("SET", "k", "v") == .status("OK") }
    }

    @Test("handshakes that fail are counted by reason")
    func metrics() throws {
        let server = try RedisServer(tls: self.certificates.identity("server", names: "DNS:redis.example"))
        let adminPort = try freePort()
        let proxy = try self.proxy(server, ["ADMIN_PORT": "\(adminPort)"])
        func failed(_ reason: String) throws -> Int? {
            try HTTPClient(port: adminPort).metric(
                "redis_proxy_tls_handshakes_failed_total{side=\"backing\",reason=\"\(reason)\"}")
        }
        try eventually("the name is counted: \(proxy.log)") { try failed("wrong_name") ?? 0 > 0 }
        #expect(try failed("expired") == 0)
    }

    @Test(
        "the server is told the name that is asked for (SNI), so that one that has several shows the right certificate")
    func serverName() throws {
        let server = try RedisServer()
        let wanted = try self.certificates.identity("wanted", names: "DNS:redis.example")
        let folder = try TemporaryFolder()
        // HAProxy wants certificate and key in one file.
        let both =
            try String(contentsOfFile: wanted.certificate, encoding: .utf8)
            + String(contentsOfFile: wanted.key, encoding: .utf8)
        let file = try folder.write("wanted.pem", both)
        let port = try freePort()
        let configuration = try folder.write(
            "haproxy.cfg",
            """
            defaults
                mode tcp
                timeout connect 5s
                timeout client 60s
                timeout server 60s
            listen redis
                bind 127.0.0.1:\(port) ssl crt \(file) strict-sni
                server redis 127.0.0.1:\(server.port)

            """)
        var environment = ProcessInfo.processInfo.environment
        // Debian has it where only root looks for programs.
        environment["PATH"] = (environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
        let haproxy = try ChildProcess("haproxy", ["-db", "-f", configuration], environment: environment)
        try eventually(within: .seconds(30), "HAProxy accepts: \(haproxy.errors)") {
            (try? RawConnection(port: port)) != nil
        }
        try Self.expectServed(self.proxy(server, port: port, ["REDIS_TLS_SERVER_NAME": "redis.example"]))
        try Self.expect(self.proxy(server, port: port), says: "not reachable")
        withExtendedLifetime((haproxy, folder)) {}
    }

    private static func expectServed(_ proxy: ProxyProcess) throws {
        try eventually("the proxy serves: \(proxy.log)") {
            try proxy.client().command("SET", "served", "v") == .status("OK")
        }
        // Each event loop comes up by itself.
        try eventually("it reads: \(proxy.log)") {
            try proxy.client().command("GET", "served") == .text("v")
        }
    }

    private static func expect(_ proxy: ProxyProcess, says text: String) throws {
        try eventually("a client is told: \(text); log: \(proxy.log)") {
            guard case .error(let error) = try proxy.client().command("GET", "k") else { return false }
            return error.contains(text)
        }
        #expect(try proxy.client().command("SET", "k", "v").isError("ERR"))
    }
}
