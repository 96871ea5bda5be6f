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
        let script = """
            import redis
            info = redis.Redis.from_url("\(url)").client_info()
            print("db=%s user=%s" % (info["db"], info["user"]))
            """
        let python = try run(Python.program(), ["-c", script])
        #expect(python.output == fromCLI + "\n", "\(python.errors)")
        let proxy = try ProxyProcess(environment: ["REDIS_URL": url])
        try eventually("the proxy reads through the URL; its log: \(proxy.log)") {
            guard try proxy.client().command("SET", "k", "v") == .status("OK") else { return false }
            _ = try proxy.http.get("/k")
            let clients = try server.command("CLIENT", "LIST").string ?? ""
            // The connections that read the values are the ones that the server tracks.
            let lanes = clients.split(separator: "\n").filter { $0.contains(" flags=t ") }
            return !lanes.isEmpty && lanes.allSatisfy { Self.standing($0) == fromCLI }
        }
    }
}
