import Foundation
import TestSupport
import Testing

/// As Redis 8.6 does with `tls-auth-clients-user`, and Valkey 9.1: all that a server sees of a proxy is the proxy's certificate.
@Suite("a server that takes the user from the proxy's certificate", .blocking)
struct CertificateUserServerTests {
    private let server: RedisServer
    private let front: ChildProcess
    private let proxy: ProxyProcess

    init() throws {
        let certificates = try TestCertificates()
        server = try RedisServer(users: ["default on nopass ~public:* &* +@all", "alice on >secret ~* &* +@all"])
        let (listener, alice) = (
            try certificates.identity("server"), try certificates.identity("alice", commonName: "alice")
        )
        let front = try ChildProcess(
            Python.program(),
            [
                Python.script("certificate_users.py"), "\(server.port)", listener.certificate, listener.key,
                certificates.authority, "alice=secret",
            ])
        try eventually("it listens: \(front.errors)") { front.output.last == UInt8(ascii: "\n") }
        let port = String(decoding: front.output.dropLast(), as: UTF8.self)
        self.front = front
        proxy = try ProxyProcess(environment: [
            "REDIS_HOST": "localhost", "REDIS_PORT": port, "REDIS_TLS": "on",
            "REDIS_TLS_CA_FILE": certificates.authority, "REDIS_TLS_CERT_FILE": alice.certificate,
            "REDIS_TLS_KEY_FILE": alice.key,
        ])
        let client = try proxy.client()
        try eventually("the proxy serves: \(proxy.log)") {
            try client.command("SET", "secret", "value") == .status("OK")
        }
        try eventually("it hits: \(proxy.log)") {
            let before = try server.calls(of: "get")
            guard try client.command("GET", "secret") == .text("value") else { return false }
            return try server.calls(of: "get") == before
        }
    }

    @Test("is that user's who says nothing of users, and has hits")
    func beginning() throws {
        #expect(try proxy.client().command("ACL", "WHOAMI") == .text("alice"))
        #expect(try proxy.http.get("/secret").status == 200)
    }

    private func expectDefaultUser(_ connection: RawConnection) throws {
        // More than once: the second time by what has become of the session.
        for _ in 0..<3 {
            #expect(try connection.roundTrip("GET", "secret").lowercased().hasPrefix("-noperm "))
            #expect(try connection.roundTrip("ACL", "WHOAMI") == "$7\r\ndefault\r\n")
            #expect(try connection.roundTrip("INCR", "secret").lowercased().hasPrefix("-noperm "))
        }
    }

    @Test("who logs in as the default user is that one, and has its rights")
    func loggedIn() throws {
        let connection = try proxy.connection()
        #expect(try connection.roundTrip("AUTH", "default", "any") == "+OK\r\n")
        try expectDefaultUser(connection)
    }

    @Test("RESET leaves a client the default user, as in Redis, also out of MONITOR", arguments: [false, true])
    func reset(fromMonitor: Bool) throws {
        let connection = try proxy.connection()
        #expect(try connection.roundTrip("GET", "secret") == "$5\r\nvalue\r\n")
        if fromMonitor { #expect(try connection.roundTrip("MONITOR") == "+OK\r\n") }
        try connection.send("RESET\r\n")
        _ = try connection.receive(through: "+RESET\r\n")
        try expectDefaultUser(connection)
        #expect(try proxy.client().command("ACL", "WHOAMI") == .text("alice"), "nobody else is given its connection")
    }
}
