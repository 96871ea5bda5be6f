import Foundation
import TestSupport
import Testing

/// A server with users, and a proxy that takes clients for the user whom their certificate names.
struct NamedClients {
    let certificates: TestCertificates
    let server: RedisServer
    let proxy: ProxyProcess
    let passwords: String
    let adminPort: Int
    private let listener: TestCertificates.Identity

    /// The default user's password, which is the proxy's own, too.
    static let password = "proxys-password"
    static let users = [
        "alice on >alices-password ~* &* +@all", "limited on >limiteds-password ~limited:* +@all",
        "spiffe://example/alice on >uris-password ~* +@all", "off off >offs-password ~* +@all",
    ]
    static let file = """
        # those whom certificates name
        default proxys-password
        alice alices-password
        limited limiteds-password
        spiffe://example/alice uris-password
        off offs-password
        wrong not-the-password

        """

    init(_ environment: [String: String] = [:], file: String = Self.file) throws {
        self.certificates = try TestCertificates()
        self.server = try RedisServer(password: Self.password, users: Self.users)
        self.listener = try self.certificates.identity("listener")
        self.passwords = self.certificates.path("passwords")
        try self.certificates.write(file, to: self.passwords)
        self.adminPort = try freePort()
        let base = [
            "TLS_CERT_FILE": self.listener.certificate, "TLS_KEY_FILE": self.listener.key,
            "TLS_CA_FILE": self.certificates.authority, "TLS_CLIENT_NAME": "CN",
            "TLS_CLIENT_PASSWORDS_FILE": self.passwords, "REDIS_PASSWORD": Self.password,
            "ADMIN_PORT": "\(self.adminPort)", "TLS_RELOAD_INTERVAL": "0.2",
        ]
        self.proxy = try ProxyProcess(fronting: self.server, environment: base.merging(environment) { $1 })
    }

    /// A client's certificate and its key.
    func identity(_ name: String, subject: String? = nil, names: String = "DNS:localhost") throws
        -> TestCertificates.Identity
    {
        try self.certificates.identity(
            UUID().uuidString, commonName: name, subject: subject, names: names)
    }

    private func words(_ identity: TestCertificates.Identity?) -> [String] {
        identity.map { ["--cert", $0.certificate, "--key", $0.key] } ?? []
    }

    /// What `redis-cli` prints for these commands, a line each, on one connection.
    func cli(_ identity: TestCertificates.Identity?, _ commands: String...) throws -> [String] {
        let start = ["--tls", "--cacert", self.certificates.authority, "-p", "\(self.proxy.port)"]
        let result = try run(
            "redis-cli", start + self.words(identity), input: Array(commands.map { "\($0)\n" }.joined().utf8))
        return (result.output + result.errors).split(separator: "\n").map(String.init)
    }

    /// What `curl` prints, the response's head first.
    func curl(_ identity: TestCertificates.Identity?, _ target: String, _ more: String...) throws -> String {
        let url = "https://localhost:\(self.proxy.port)\(target)"
        let start = ["-sS", "-i", "--max-time", "30", "--cacert", self.certificates.authority, url]
        let result = try run("curl", start + self.words(identity) + more)
        return result.output + result.errors
    }

    /// Runs a Python script with a client's certificate; its arguments are the proxy's port, the authority, the certificate and its key.
    func python(_ identity: TestCertificates.Identity, _ script: String) throws {
        let files = [self.certificates.authority, identity.certificate, identity.key]
        let result = try run(Python.program(), ["-c", script, "\(self.proxy.port)"] + files)
        #expect(result.ending == .exited(0), "\(result.errors) \(self.proxy.log)")
    }

    /// The same with a `connection` that stands, and `rest()`, which is all that comes on it until its end.
    func python(_ identity: TestCertificates.Identity, connected script: String) throws {
        let connect = """
            import socket, ssl, sys
            context = ssl.create_default_context(cafile=sys.argv[2])
            context.load_cert_chain(sys.argv[3], sys.argv[4])
            connection = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost")
            connection.settimeout(30)
            def rest():
                received = b""
                while part := connection.recv(65536): received += part
                return received

            """
        try self.python(identity, connect + script)
    }

    func refused(_ reason: String) throws -> Int? {
        try HTTPClient(port: self.adminPort).metric("redis_proxy_connections_refused_total{reason=\"\(reason)\"}")
    }

    /// Waits until reads are answered.
    func awaitReads(_ identity: TestCertificates.Identity) throws {
        try eventually("reads are answered: \(self.proxy.log)") {
            try self.cli(identity, "ACL WHOAMI", "GET nosuch").count == 1
        }
    }
}
