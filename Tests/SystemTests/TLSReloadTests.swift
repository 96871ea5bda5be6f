import Foundation
import TestSupport
import Testing

@Suite("files of TLS that change while the proxy runs", .blocking)
struct TLSReloadTests {
    private let certificates: TestCertificates
    private let server: RedisServer

    init() throws {
        self.certificates = try TestCertificates()
        self.server = try RedisServer()
    }

    /// The subject of the certificate that a new connection is shown.
    private func subject(_ proxy: ProxyProcess) throws -> String {
        let shown = try run("openssl", ["s_client", "-connect", "127.0.0.1:\(proxy.port)"])
        let line = shown.output.split(separator: "\n").first { $0.hasPrefix("subject=") } ?? ""
        return line.split(separator: "=").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
    }

    private func metrics(_ port: Int) throws -> String { try HTTPClient(port: port).get("/metrics").text }

    @Test("a certificate swapped under 50 clients: no error, and new connections see the new one")
    func swapUnderLoad() throws {
        let first = try self.certificates.identity("first", commonName: "first")
        let second = try self.certificates.identity("second", commonName: "second")
        let proxy = try ProxyProcess(
            fronting: self.server,
            environment: [
                "TLS_CERT_FILE": first.certificate, "TLS_KEY_FILE": first.key, "TLS_RELOAD_INTERVAL": "0.2",
            ])
        #expect(try self.subject(proxy) == "first")
        let load = try ChildProcess(
            Python.program(), [Python.script("tls_load.py"), "\(proxy.port)", self.certificates.authority])
        try eventually(within: .seconds(120), "50 clients are at work: \(load.errors)") {
            String(decoding: load.output, as: UTF8.self).contains("working")
        }
        try self.certificates.copy(second.key, to: first.key)
        try self.certificates.copy(second.certificate, to: first.certificate)
        try eventually("new connections see the new one") { try self.subject(proxy) == "second" }
        load.signal(SIGTERM)
        #expect(try load.wait(within: .seconds(60)) == .exited(0), "\(load.errors)")
        #expect(String(decoding: load.output, as: UTF8.self).hasSuffix("no error\n"), "\(load.errors)")
    }

    @Test("SIGHUP has them read at once; what cannot be used is one warning, and the old one stays")
    func hangUpAndRefusals() throws {
        let first = try self.certificates.identity("first", commonName: "first")
        let second = try self.certificates.identity("second", commonName: "second")
        let expired = try self.certificates.identity("expired", commonName: "expired", days: -20 ... -10)
        let adminPort = try freePort()
        let proxy = try ProxyProcess(
            fronting: self.server,
            environment: [
                "TLS_CERT_FILE": first.certificate, "TLS_KEY_FILE": first.key, "ADMIN_PORT": "\(adminPort)",
                "TLS_RELOAD_INTERVAL": "3600",
            ])
        func expect(_ certificate: String, _ key: String, isRefusedWith text: String) throws {
            try self.certificates.copy(certificate, to: first.certificate)
            try self.certificates.copy(key, to: first.key)
            let before = proxy.log.split(separator: "\n").count
            proxy.process.signal(SIGHUP)
            try eventually("it says why: \(proxy.log)") { proxy.log.contains(text) }
            proxy.process.signal(SIGHUP)
            proxy.process.signal(SIGHUP)
            #expect(try self.subject(proxy) == "first")
            #expect(proxy.log.split(separator: "\n").count == before + 1, "\(proxy.log)")
        }
        let expiry = try self.metrics(adminPort).split(separator: "\n").first {
            $0.hasPrefix(#"redis_proxy_tls_certificate_expiry_seconds{side="clients"} "#)
        }
        let seconds = try #require(expiry?.split(separator: " ").last.flatMap { Double($0) })
        #expect(abs(seconds - Date(timeIntervalSinceNow: 30 * 86_400).timeIntervalSince1970) < 86_400)
        try expect(self.certificates.authority, second.key, isRefusedWith: "is not that of the certificate in")
        try expect(expired.certificate, expired.key, isRefusedWith: "has expired; what was read before stays in use")
        try self.certificates.copy(second.certificate, to: first.certificate)
        try self.certificates.copy(second.key, to: first.key)
        proxy.process.signal(SIGHUP)
        try eventually("the new one is seen: \(proxy.log)") { try self.subject(proxy) == "second" }
    }

    @Test("another authority for clients is in force at once; handshakes that fail are counted by reason")
    func authorities() throws {
        let others = try TestCertificates("another authority")
        let listener = try self.certificates.identity("listener")
        let (ours, theirs) = (try self.certificates.identity("ours"), try others.identity("theirs"))
        let authority = self.certificates.path("authority.pem")
        try self.certificates.copy(self.certificates.authority, to: authority)
        let adminPort = try freePort()
        let proxy = try ProxyProcess(
            fronting: self.server,
            environment: [
                "TLS_CERT_FILE": listener.certificate, "TLS_KEY_FILE": listener.key, "TLS_CA_FILE": authority,
                "ADMIN_PORT": "\(adminPort)", "TLS_RELOAD_INTERVAL": "0.2",
            ])
        func isServed(_ identity: TestCertificates.Identity) throws -> Bool {
            try run(
                "redis-cli",
                [
                    "--tls", "--cacert", self.certificates.authority, "--cert", identity.certificate, "--key",
                    identity.key, "-p", "\(proxy.port)", "PING",
                ]
            ).output == "PONG\n"
        }
        #expect(try isServed(ours))
        #expect(try !isServed(theirs))
        try eventually("it is counted") {
            try self.metrics(adminPort).contains(
                #"redis_proxy_tls_handshakes_failed_total{side="clients",reason="not_verified"} 1"#)
        }
        try self.certificates.copy(others.authority, to: authority)
        try eventually("theirs are let in: \(proxy.log)") { try isServed(theirs) }
        #expect(try !isServed(ours))
    }

    @Test("a certificate that has expired at start is shown, with a warning")
    func expiredAtStart() throws {
        let expired = try self.certificates.identity("expired", commonName: "expired", days: -20 ... -10)
        let proxy = try ProxyProcess(
            fronting: self.server,
            environment: ["TLS_CERT_FILE": expired.certificate, "TLS_KEY_FILE": expired.key])
        #expect(try self.subject(proxy) == "expired")
        try eventually("it says so") { proxy.log.contains("side=clients [RedisProxy] the certificate has expired") }
    }

    @Test(
        "the backing's authorities are read again, too",
        .enabled(if: ServerProgram.current.speaksTLS, .noTLS))
    func backing() throws {
        let others = try TestCertificates("another authority")
        let secured = try RedisServer(tls: self.certificates.identity("server"))
        let authority = self.certificates.path("authority.pem")
        try self.certificates.copy(others.authority, to: authority)
        let proxy = try ProxyProcess(environment: [
            "REDIS_HOST": "localhost", "REDIS_PORT": "\(secured.tlsPort)", "REDIS_TLS": "on",
            "REDIS_TLS_CA_FILE": authority, "TLS_RELOAD_INTERVAL": "3600",
        ])
        #expect(try proxy.client().command("SET", "k", "v").isError("ERR"))
        try self.certificates.copy(self.certificates.authority, to: authority)
        proxy.process.signal(SIGHUP)
        try eventually("it is served: \(proxy.log)") { try proxy.client().command("SET", "k", "v") == .status("OK") }
    }

    @Test(
        "so is the certificate that the backing is shown, and no client is closed",
        .enabled(if: ServerProgram.current.speaksTLS, .noTLS))
    func shownToBacking() throws {
        let secured = try RedisServer(
            tls: self.certificates.identity("server"), authority: self.certificates.authority)
        let ours = try self.certificates.identity("ours")
        let others = try TestCertificates("another authority")
        let stranger = try others.identity("stranger")
        let shown = (certificate: self.certificates.path("shown.crt"), key: self.certificates.path("shown.key"))
        func show(_ identity: TestCertificates.Identity) throws {
            try self.certificates.copy(identity.key, to: shown.key)
            try self.certificates.copy(identity.certificate, to: shown.certificate)
        }
        try show(ours)
        let proxy = try ProxyProcess(environment: [
            "REDIS_HOST": "localhost", "REDIS_PORT": "\(secured.tlsPort)", "REDIS_TLS": "on",
            "REDIS_TLS_CA_FILE": self.certificates.authority, "REDIS_TLS_CERT_FILE": shown.certificate,
            "REDIS_TLS_KEY_FILE": shown.key, "TLS_RELOAD_INTERVAL": "0.2",
        ])
        let client = try proxy.connection()
        try eventually("it is served: \(proxy.log)") { try client.roundTrip("SET", "k", "v") == "+OK\r\n" }
        // On a connection of its own, which stays.
        #expect(try client.roundTrip("CLIENT", "SETNAME", "it") == "+OK\r\n")
        try show(stranger)
        // Each wants a connection of its own, and sooner or later a new one.
        try eventually("the new one is shown, and refused: \(proxy.log)") {
            try proxy.connection().roundTrip("CLIENT", "SETNAME", "other").contains("does not accept the certificate")
        }
        #expect(try client.roundTrip("CLIENT", "GETNAME") == "$2\r\nit\r\n")
        try show(ours)
        try eventually("the old one is: \(proxy.log)") {
            try proxy.connection().roundTrip("CLIENT", "SETNAME", "other") == "+OK\r\n"
        }
        #expect(try client.roundTrip("CLIENT", "GETNAME") == "$2\r\nit\r\n")
    }
}
