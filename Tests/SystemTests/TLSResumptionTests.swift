import TestSupport
import Testing

@Suite("TLS sessions that clients would resume", .blocking)
struct TLSResumptionTests {
    private let certificates: TestCertificates
    private let server: RedisServer
    private let session: String

    init() throws {
        self.certificates = try TestCertificates()
        self.server = try RedisServer()
        self.session = self.certificates.path("session")
    }

    private func proxy(_ environment: [String: String] = [:]) throws -> ProxyProcess {
        let identity = try self.certificates.identity("listener")
        let base = ["TLS_CERT_FILE": identity.certificate, "TLS_KEY_FILE": identity.key, "TLS_RELOAD_INTERVAL": "0.2"]
        return try ProxyProcess(fronting: self.server, environment: base.merging(environment) { $1 })
    }

    /// What `openssl` tells of a connection on which it sends `PING` and `QUIT`.
    private func talk(
        _ proxy: ProxyProcess, _ version: String, as identity: TestCertificates.Identity?, _ more: String...
    ) throws -> String {
        let start = ["s_client", "-connect", "127.0.0.1:\(proxy.port)", "-ign_eof", version]
        let shown = identity.map { ["-cert", $0.certificate, "-key", $0.key] } ?? []
        let result = try run("openssl", start + shown + more, input: Array("PING\r\nQUIT\r\n".utf8))
        return result.output + result.errors
    }

    @Test(
        "without certificates of clients they are resumed; after a new certificate they begin anew, and are served",
        arguments: ["-tls1_2", "-tls1_3"])
    func swapped(version: String) throws {
        let proxy = try self.proxy()
        #expect(try self.talk(proxy, version, as: nil, "-sess_out", self.session).contains("+PONG"))
        let resumed = try self.talk(proxy, version, as: nil, "-sess_in", self.session)
        #expect(resumed.contains("Reused, TLSv1.") && resumed.contains("+PONG"), "\(resumed)")
        #expect(try self.talk(proxy, version, as: nil, "-sess_out", self.session).contains("+PONG"))
        let second = try self.certificates.identity("second", commonName: "second")
        try self.certificates.copy(second.key, to: self.certificates.path("listener.key"))
        try self.certificates.copy(second.certificate, to: self.certificates.path("listener.crt"))
        try eventually("new connections see it") {
            try self.talk(proxy, version, as: nil).contains("CN = second")
        }
        let anew = try self.talk(proxy, version, as: nil, "-sess_in", self.session)
        #expect(anew.contains("New, TLSv1.") && anew.contains("CN = second") && anew.contains("+PONG"), "\(anew)")
    }

    @Test("who has a session but no certificate is not its owner", arguments: ["-tls1_2", "-tls1_3"])
    func ticketAlone(version: String) throws {
        let proxy = try self.proxy(["TLS_CA_FILE": self.certificates.authority])
        let client = try self.certificates.identity("client", commonName: "somebody")
        #expect(try self.talk(proxy, version, as: client, "-sess_out", self.session).contains("+PONG"))
        let thief = try self.talk(proxy, version, as: nil, "-sess_in", self.session)
        #expect(!thief.contains("+PONG"), "\(thief)")
        let owner = try self.talk(proxy, version, as: client, "-sess_in", self.session)
        #expect(owner.contains("New, TLSv1.") && owner.contains("+PONG"), "\(owner)")
    }

    @Test("a session does not outlive its certificate", arguments: ["-tls1_2", "-tls1_3"])
    func expired(version: String) throws {
        let proxy = try self.proxy(["TLS_CA_FILE": self.certificates.authority])
        let client = try self.certificates.identity("client", commonName: "somebody", seconds: 15)
        #expect(try self.talk(proxy, version, as: client, "-sess_out", self.session).contains("+PONG"))
        try eventually(within: .seconds(60), "it has ended") {
            try !self.talk(proxy, version, as: client).contains("+PONG")
        }
        let late = try self.talk(proxy, version, as: client, "-sess_in", self.session)
        #expect(!late.contains("+PONG"), "\(late)")
    }

    @Test("another authority ends them all", arguments: ["-tls1_2", "-tls1_3"])
    func authorities(version: String) throws {
        let others = try TestCertificates("another authority")
        let authority = self.certificates.path("authority.pem")
        try self.certificates.copy(self.certificates.authority, to: authority)
        let proxy = try self.proxy(["TLS_CA_FILE": authority, "TLS_AUTH_CLIENTS": "optional"])
        let client = try self.certificates.identity("client", commonName: "somebody")
        #expect(try self.talk(proxy, version, as: client, "-sess_out", self.session).contains("+PONG"))
        try self.certificates.copy(others.authority, to: authority)
        try eventually("it is in force") { try !self.talk(proxy, version, as: client).contains("+PONG") }
        let late = try self.talk(proxy, version, as: client, "-sess_in", self.session)
        #expect(!late.contains("+PONG"), "\(late)")
        #expect(try !self.talk(proxy, version, as: nil, "-sess_in", self.session).contains("Reused"))
    }

    @Test("a name that is taken from the passwords is refused, session or not", arguments: ["-tls1_2", "-tls1_3"])
    func names(version: String) throws {
        let clients = try NamedClients()
        let alice = try clients.identity("alice")
        try eventually("alice is let in: \(clients.proxy.log)") {
            try self.talk(clients.proxy, version, as: alice, "-sess_out", self.session).contains("+PONG")
        }
        #expect(try !self.talk(clients.proxy, version, as: nil, "-sess_in", self.session).contains("+PONG"))
        try clients.certificates.write("default \(NamedClients.password)\n", to: clients.passwords)
        try eventually("she is refused: \(clients.proxy.log)") {
            try self.talk(clients.proxy, version, as: alice, "-sess_in", self.session).contains("-WRONGPASS")
        }
    }
}
