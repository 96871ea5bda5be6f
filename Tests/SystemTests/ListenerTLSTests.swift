import Foundation
import TestSupport
import Testing

@Suite("clients speak TLS", .blocking)
struct ListenerTLSTests {
    private let certificates: TestCertificates
    private let server: RedisServer

    init() throws {
        self.certificates = try TestCertificates()
        self.server = try RedisServer()
    }

    private func proxy(_ environment: [String: String] = [:]) throws -> ProxyProcess {
        let identity = try self.certificates.identity("listener")
        let base = ["TLS_CERT_FILE": identity.certificate, "TLS_KEY_FILE": identity.key]
        return try ProxyProcess(fronting: self.server, environment: base.merging(environment) { $1 })
    }

    private func cli(_ proxy: ProxyProcess, _ arguments: String...) throws -> String {
        try redisCLI(port: proxy.port, arguments: ["--tls", "--cacert", self.certificates.authority] + arguments)
    }

    private func curl(_ proxy: ProxyProcess, _ target: String, _ more: String...) throws -> CommandResult {
        let url = "https://localhost:\(proxy.port)\(target)"
        return try run("curl", ["-sS", "-i", "--max-time", "30", "--cacert", self.certificates.authority, url] + more)
    }

    private func python(_ name: String, _ proxy: ProxyProcess, _ more: String...) throws -> String {
        let result = try run(
            Python.program(), [Python.script(name), "\(proxy.port)", self.certificates.authority] + more,
            within: .seconds(120))
        guard result.ending == .exited(0) else { throw TestSupportError("\(name): \(result.output)\(result.errors)") }
        return result.output
    }

    @Test("redis-cli and curl are served over TLS on the one port, large values included, and hits stay hits")
    func bothProtocols() throws {
        let proxy = try self.proxy()
        #expect(try self.cli(proxy, "SET", "k", "v") == "OK")
        try eventually("it hits: \(proxy.log)") {
            let before = try self.server.calls(of: "get")
            guard try self.cli(proxy, "GET", "k") == "v" else { return false }
            return try self.server.calls(of: "get") == before
        }
        #expect(try self.curl(proxy, "/k").output.contains(#"{"key":"k","value":"v"}"#))
        let big = String(repeating: "0123456789abcdef", count: 1 << 20)
        let stored = try run(
            "redis-cli", ["--tls", "--cacert", self.certificates.authority, "-p", "\(proxy.port)", "-x", "SET", "big"],
            input: Array(big.utf8))
        #expect(stored.output == "OK\n")
        #expect(try self.cli(proxy, "GET", "big") == big)
        let raw = try self.curl(proxy, "/big", "-H", "Accept: application/octet-stream")
        #expect(raw.output.hasSuffix("\r\n\r\n\(big)"))
        #expect(!proxy.log.contains("warning") && !proxy.log.contains("error"), "\(proxy.log)")
    }

    @Test("plaintext is refused, in the client's own protocol")
    func plaintextRefused() throws {
        let proxy = try self.proxy(["ADMIN_PORT": "\(freePort())"])
        let client = try proxy.connection()
        try client.sendCommand("PING")
        let end = try client.receiveToEnd()
        #expect(printable(end.bytes) == printable(Array("-ERR redis-proxy: this port speaks TLS\r\n".utf8)))
        let response = try proxy.http.get("/k")
        #expect(response.status == 400)
        #expect(response.text.contains("this port speaks TLS"))
        #expect(try self.cli(proxy, "PING") == "PONG")
    }

    @Test("TLS_PLAINTEXT=on lets both in")
    func plaintextAllowed() throws {
        let proxy = try self.proxy(["TLS_PLAINTEXT": "on"])
        #expect(try redisCLI(port: proxy.port, "SET", "k", "v") == "OK")
        #expect(try self.cli(proxy, "GET", "k") == "v")
        #expect(try proxy.http.get("/k").status == 200)
        #expect(try self.curl(proxy, "/k").output.contains("200 OK"))
    }

    @Test("without a certificate the first byte of TLS is what it is to Redis")
    func noCertificate() throws {
        let proxy = try ProxyProcess(fronting: self.server)
        let bytes: [UInt8] = [0x16, 0x03, 0x01, 0x0D, 0x0A]
        let (ours, theirs) = (try proxy.connection(), try RawConnection(port: self.server.port))
        try ours.send(bytes)
        try theirs.send(bytes)
        #expect(try printable(ours.receive(through: "\r\n")) == printable(theirs.receive(through: "\r\n")))
    }

    @Test(
        "however a client ends, what it sent is done, it reads what it is owed, and the log says nothing",
        arguments: ["ragged", "notify", "gone"])
    func ends(way: String) throws {
        let proxy = try self.proxy()
        let output = try self.python("tls_ends.py", proxy, way)
        if way != "gone" { #expect(output == "+OK\r\n:1\r\n$\(way.count)\r\n\(way)\r\n") }
        try eventually("its commands are done") { try self.server.command("GET", "counted") == .text("1") }
        #expect(proxy.log.split(separator: "\n").count == 1, "\(proxy.log)")
    }

    @Test("a handshake that does not end is closed after 10 s, and holds a place until then")
    func unfinishedHandshake() throws {
        let proxy = try self.proxy(["MAX_CONNECTIONS": "1"])
        let work = BackgroundWork { try self.python("tls_ends.py", proxy, "unfinished") }
        try eventually("it holds the only place, and others are told so over TLS") {
            let answer = try run(
                "redis-cli", ["--tls", "--cacert", self.certificates.authority, "-p", "\(proxy.port)", "PING"])
            return (answer.output + answer.errors).contains("max number of clients reached")
        }
        let outcome = try work.wait().split(separator: " ")
        #expect(outcome.dropLast() == ["closed", "after"])
        // A busy machine may be late, but never early.
        #expect((10...30).contains(outcome.last.flatMap { Int($0.dropLast()) } ?? 0), "\(outcome)")
        try eventually("its place is free") { try self.cli(proxy, "PING") == "PONG" }
    }

    @Test("1,000 handshakes that never finish hurt nobody, and are gone after 10 s")
    func manyUnfinishedHandshakes() throws {
        let proxy = try self.proxy(["ADMIN_PORT": "\(freePort())"])
        #expect(try self.cli(proxy, "SET", "k", "v") == "OK")
        let (descriptors, memory) = (proxy.descriptors, proxy.residentMemory)
        // As far as a client comes who says nothing more: the head of a record, and some of what is in it.
        let begun: [UInt8] =
            [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03] + [UInt8](repeating: 7, count: 32)
        let crowd = try (0..<1_000).map { _ in
            let connection = try proxy.connection(limit: .seconds(60))
            try connection.send(begun)
            return connection
        }
        let started = ContinuousClock.now
        for _ in 0..<20 { #expect(try self.cli(proxy, "GET", "k") == "v") }
        #expect(try self.curl(proxy, "/k").output.contains("200 OK"))
        #expect(ContinuousClock.now - started < .seconds(10), "others are served meanwhile")
        #expect(proxy.residentMemory - memory < 256 << 20)
        for connection in crowd { #expect(try connection.receiveToEnd().bytes.isEmpty) }
        // As many clients had a few spare connections to the server made ready.
        try eventually("all is given back: \(proxy.descriptors)") { proxy.descriptors <= descriptors + 20 }
        #expect(!proxy.log.contains("warning") && !proxy.log.contains("error"), "\(proxy.log)")
    }

    @Test("CLIENT_IDLE_TIMEOUT holds before the handshake is done, and after it")
    func idle() throws {
        let proxy = try self.proxy(["CLIENT_IDLE_TIMEOUT": "1"])
        let unfinished = try proxy.connection()
        try unfinished.send([0x16, 0x03, 0x01])
        var started = ContinuousClock.now
        #expect(try unfinished.receiveToEnd().bytes.isEmpty)
        #expect(ContinuousClock.now - started < .seconds(8), "sooner than the 10 s of a handshake")
        started = ContinuousClock.now
        let silent = try run(
            "openssl", ["s_client", "-quiet", "-connect", "127.0.0.1:\(proxy.port)"], environment: nil, input: [])
        #expect(silent.output.isEmpty)
        #expect(ContinuousClock.now - started < .seconds(8))
    }

    @Test("redis-py, synchronous, finds everything as over TCP")
    func redisPy() throws {
        let proxy = try self.proxy()
        let script = """
            import redis, sys
            client = redis.Redis(port=int(sys.argv[1]), ssl=True, ssl_ca_certs=sys.argv[2])
            pipeline = client.pipeline()
            for i in range(1000): pipeline.set(f"k{i}", "v" * i)
            pipeline.execute()
            assert [len(v) for v in client.mget([f"k{i}" for i in range(1000)])] == list(range(1000))
            subscription = client.pubsub()
            subscription.subscribe("c")
            assert subscription.get_message(timeout=5)["type"] == "subscribe"
            client.publish("c", "hello")
            assert subscription.get_message(timeout=5)["data"] == b"hello"
            assert client.blpop(["none"], timeout=0.1) is None
            subscription.close(); client.close()
            """
        let result = try run(Python.program(), ["-c", script, "\(proxy.port)", self.certificates.authority])
        #expect(result.ending == .exited(0), "\(result.errors)")
    }

    @Test("SIGTERM does not wait for idle clients that never answer close_notify")
    func shutdown() throws {
        let proxy = try self.proxy()
        let idle = try ChildProcess(
            "redis-cli", ["--tls", "--cacert", self.certificates.authority, "-p", "\(proxy.port)", "SUBSCRIBE", "c"])
        try eventually("it listens") {
            try self.server.command("PUBSUB", "NUMSUB", "c") == .array([.text("c"), .integer(1)])
        }
        try idle.freeze()
        let started = ContinuousClock.now
        proxy.process.signal(SIGTERM)
        #expect(try proxy.process.wait() == .exited(0))
        #expect(ContinuousClock.now - started < .seconds(3))
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
        #expect(
            try refusal(["TLS_CERT_FILE": ours.certificate]).contains("TLS_CERT_FILE: needs TLS_KEY_FILE beside it"))
        #expect(
            try refusal(["TLS_CERT_FILE": ours.certificate, "TLS_KEY_FILE": other.key]).contains(
                "is not that of the certificate in"))
    }

    @Test("an encrypted key is read with its password; of one that is not read the error says which encryptions are")
    func encryptedKey() throws {
        let password = self.certificates.path("password")
        try self.certificates.write("secret\n", to: password)
        let plain = try self.certificates.identity("plain")
        func environment(_ more: String...) throws -> [String: String] {
            let key = self.certificates.path("encrypted.key")
            let result = try run(
                "openssl", ["pkcs8", "-topk8", "-in", plain.key, "-out", key, "-passout", "file:\(password)"] + more)
            try #require(result.ending == .exited(0), "\(result.errors)")
            return ["TLS_CERT_FILE": plain.certificate, "TLS_KEY_FILE": key, "TLS_KEY_PASSWORD_FILE": password]
        }
        let proxy = try self.proxy(environment("-v2", "aes-256-cbc"))
        #expect(try self.cli(proxy, "PING") == "PONG")
        let result = try ProxyProcess.runToEnd(environment: environment("-scrypt"))
        #expect(result.ending == .exited(64))
        #expect(
            result.errors.contains("TLS_KEY_FILE")
                && result.errors.contains("PKCS #8 encrypted by PBES2 with AES-CBC or 3DES"), "\(result.errors)")
    }

    @Test("with TLS_CA_FILE clients must show a certificate by it; optional: one that they show must be by it")
    func clientCertificates() throws {
        let shown = try self.certificates.identity("client", commonName: "somebody")
        let stranger = try TestCertificates("another authority").identity("stranger")
        let expired = try self.certificates.identity("expired", days: -20 ... -10)
        let proxy = try self.proxy(["TLS_CA_FILE": self.certificates.authority])
        func isServed(_ proxy: ProxyProcess, _ identity: TestCertificates.Identity?) throws -> Bool {
            let words = identity.map { ["--cert", $0.certificate, "--key", $0.key] } ?? []
            let start = ["--tls", "--cacert", self.certificates.authority, "-p", "\(proxy.port)"]
            let redisCLI = try run("redis-cli", start + words + ["PING"]).output == "PONG\n"
            let url = "https://localhost:\(proxy.port)/k"
            let curl = try run("curl", ["-sS", "--cacert", self.certificates.authority, url] + words)
            #expect(redisCLI == (curl.ending == .exited(0)))
            return redisCLI
        }
        #expect(try isServed(proxy, shown))
        #expect(try !isServed(proxy, nil))
        #expect(try !isServed(proxy, stranger))
        #expect(try !isServed(proxy, expired))
        let optional = try self.proxy(["TLS_CA_FILE": self.certificates.authority, "TLS_AUTH_CLIENTS": "optional"])
        #expect(try isServed(optional, shown))
        #expect(try isServed(optional, nil))
        #expect(try !isServed(optional, stranger))
        let no = try self.proxy(["TLS_CA_FILE": self.certificates.authority, "TLS_AUTH_CLIENTS": "no"])
        #expect(try isServed(no, nil))
        #expect(!proxy.log.contains("warning") && !proxy.log.contains("error"), "\(proxy.log)")
    }

    @Test("versions, ciphers, ALPN and resumption, as openssl sees them")
    func terms() throws {
        func talk(_ proxy: ProxyProcess, _ more: String...) throws -> String {
            let arguments = ["s_client", "-connect", "127.0.0.1:\(proxy.port)", "-CAfile", self.certificates.authority]
            return try run("openssl", arguments + more).output
        }
        let proxy = try self.proxy()
        #expect(try talk(proxy, "-tls1_2").contains("New, TLSv1.2, Cipher is ECDHE-ECDSA-AES"))
        #expect(try talk(proxy, "-tls1_3", "-alpn", "h2,http/1.1").contains("ALPN protocol: http/1.1"))
        #expect(try talk(proxy, "-tls1_3", "-alpn", "h2").contains("No ALPN negotiated"))
        #expect(try !talk(proxy, "-tls1_1").contains("Cipher is ECDHE"))
        #expect(try talk(proxy, "-tls1_2", "-reconnect").contains("Reused, TLSv1.2"))
        #expect(try !talk(proxy, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA").contains("Cipher is ECDHE"))
        let chosen = try self.proxy(["TLS_CIPHERS": "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"])
        #expect(try talk(chosen, "-tls1_2").contains("Cipher is ECDHE-ECDSA-AES128-SHA"))
        let newest = try self.proxy(["TLS_MIN_VERSION": "1.3"])
        #expect(try !talk(newest, "-tls1_2").contains("Cipher is ECDHE"))
        #expect(try talk(newest, "-tls1_3").contains("New, TLSv1.3"))
    }

    @Test("options that contradict each other stop the start, and are named")
    func contradictions() throws {
        let ours = try self.certificates.identity("ours")
        let identity = ["TLS_CERT_FILE": ours.certificate, "TLS_KEY_FILE": ours.key]
        func refusal(_ environment: [String: String]) throws -> String {
            let result = try ProxyProcess.runToEnd(environment: environment)
            #expect(result.ending == .exited(64))
            return result.errors
        }
        let authorities = ["TLS_CA_FILE": self.certificates.authority]
        #expect(try refusal(authorities).contains("TLS_CA_FILE: needs TLS_CERT_FILE beside it"))
        #expect(
            try refusal(identity.merging(["TLS_AUTH_CLIENTS": "optional"]) { $1 }).contains(
                "TLS_AUTH_CLIENTS: needs TLS_CA_FILE beside it"))
        #expect(try refusal(["TLS_AUTH_CLIENTS": "yes"]).contains("TLS_AUTH_CLIENTS: needs TLS_CERT_FILE beside it"))
        #expect(
            try refusal(identity.merging(authorities) { $1 }.merging(["TLS_PLAINTEXT": "on"]) { $1 }).contains(
                "TLS_PLAINTEXT: on, but clients must show a certificate"))
        #expect(
            try refusal(identity.merging(["TLS_CIPHERS": "TLS_NULL_WITH_NULL_NULL"]) { $1 }).contains("TLS_CIPHERS"))
    }

    @Test("ADMIN_TLS=on: the admin port by the same certificate, which --health and Prometheus can ask without one")
    func admin() throws {
        let adminPort = try freePort()
        let environment = [
            "TLS_CA_FILE": self.certificates.authority, "ADMIN_TLS": "on", "ADMIN_PORT": "\(adminPort)",
        ]
        let proxy = try self.proxy(environment)
        let url = "https://localhost:\(adminPort)/metrics"
        let metrics = try run("curl", ["-sS", "--cacert", self.certificates.authority, url])
        #expect(metrics.output.contains("redis_proxy_tls_certificate_expiry_seconds{side=\"admin\"}"))
        #expect(try run("curl", ["-sS", "http://localhost:\(adminPort)/metrics"]).ending != .exited(0))
        let identity = try self.certificates.identity("health")
        let health = try ProxyProcess.runToEnd(
            environment: environment.merging([
                "TLS_CERT_FILE": identity.certificate, "TLS_KEY_FILE": identity.key,
            ]) { $1 }, arguments: ["--health"])
        #expect(health.ending == .exited(0), "\(health.errors) \(proxy.log)")
        let result = try ProxyProcess.runToEnd(environment: ["ADMIN_TLS": "on", "ADMIN_PORT": "0"])
        #expect(result.errors.contains("ADMIN_TLS: needs TLS_CERT_FILE beside it"))
    }
}
