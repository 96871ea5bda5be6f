import TestSupport
import Testing

@Suite("a URL means what redis-cli and redis-py take it for", .blocking)
struct BackingURLTests {
    /// User and database of a client, from a line of `CLIENT LIST`.
    private static func standing(_ line: some StringProtocol) -> String {
        line.split(separator: " ").filter { $0.hasPrefix("user=") || $0.hasPrefix("db=") }.sorted().joined(
            separator: " ")
    }

    @Test(
        "user, password and database",
        arguments: [
            "redis://127.0.0.1:PORT", "redis://127.0.0.1:PORT/3", "redis://reader:a%40%3Ab@127.0.0.1:PORT/2",
            "redis://reader:a%40:b@localhost:PORT",
        ])
    func parts(template: String) throws {
        let server = try RedisServer(users: ["reader on >a@:b ~* &* +@all"])
        let url = template.replacing("PORT", with: "\(server.port)")
        let fromCLI = Self.standing(try redisCLI(port: server.port, "-u", url, "CLIENT", "INFO"))
        #expect(try Self.standingByPython(url) == fromCLI)
        try Self.expect(server, ["REDIS_URL": url], toReadAs: fromCLI)
    }

    @Test(
        "TLS, which redis-cli and redis-py speak by the same URL", .enabled(if: ServerProgram.current.speaksTLS, .noTLS)
    )
    func tls() throws {
        let certificates = try TestCertificates()
        let server = try RedisServer(
            users: ["reader on >secret ~* &* +@all"], tls: certificates.identity("server"))
        let url = "rediss://reader:secret@localhost:\(server.tlsPort)/3"
        let cli = try run("redis-cli", ["-u", url, "--cacert", certificates.authority, "CLIENT", "INFO"])
        let fromCLI = Self.standing(cli.output.split(separator: "\n").first ?? "")
        #expect(fromCLI == "db=3 user=reader")
        #expect(try Self.standingByPython(url, "ssl_ca_certs='\(certificates.authority)'") == fromCLI)
        let environment = ["REDIS_URL": url, "REDIS_TLS_CA_FILE": certificates.authority]
        try Self.expect(server, environment, toReadAs: fromCLI)
    }

    @Test("what redis-py alone takes: a database in the query, a Unix socket", arguments: [false, true])
    func python(unixSocket: Bool) throws {
        // The proxy may be another user.
        let server = try RedisServer(
            arguments: ["--unixsocketperm", "777"], users: ["reader on >secret ~* &* +@all"], unixSocket: unixSocket)
        let url =
            server.socketPath.map { "unix://reader:secret@\($0)?db=5" }
            ?? "redis://reader:secret@127.0.0.1:\(server.port)?db=5"
        let fromPython = try Self.standingByPython(url)
        #expect(fromPython == "db=5 user=reader")
        try Self.expect(server, ["REDIS_URL": url], toReadAs: fromPython)
    }

    /// User and database of redis-py's client.
    private static func standingByPython(_ url: String, _ more: String = "") throws -> String {
        let script = """
            import redis
            info = redis.Redis.from_url("\(url)", \(more)).client_info()
            print("db=%s user=%s" % (info["db"], info["user"]))
            """
        let python = try run(Python.program(), ["-c", script])
        #expect(python.ending == .exited(0), "\(python.errors)")
        return python.output.split(separator: "\n").first.map(String.init) ?? ""
    }

    private static func expect(_ server: RedisServer, _ environment: [String: String], toReadAs standing: String) throws
    {
        let proxy = try ProxyProcess(environment: environment)
        try eventually("the proxy reads through the URL; its log: \(proxy.log)") {
            guard try proxy.client().command("SET", "k", "v") == .status("OK") else { return false }
            _ = try proxy.http.get("/k")
            let address = server.socketPath.map { ["-s", $0] } ?? ["-p", "\(server.port)"]
            let clients = try run("redis-cli", address + ["CLIENT", "LIST"]).output
            // The connections that read the values are the ones that the server tracks.
            let lanes = clients.split(separator: "\n").filter { $0.contains(" flags=t") }
            return !lanes.isEmpty && lanes.allSatisfy { Self.standing($0) == standing }
        }
    }
}
