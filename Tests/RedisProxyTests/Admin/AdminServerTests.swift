import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import RedisProxy

@Suite struct AdminServerTests {
    struct Unavailable: Error {}

    /// Runs `body` with an admin server on a free port.
    private func withServer(
        isBackingUp: Bool = true, portsAnswer: Bool = true,
        metrics: @escaping @Sendable () async throws -> String = { "metric 1\n" },
        _ body: (Int) async throws -> Void
    ) async throws {
        let responder = AdminResponder(
            health: { Health(portsAnswer: portsAnswer) },
            readiness: { Readiness(isBackingUp: isBackingUp, portsAnswer: portsAnswer, coherence: .expiry) },
            metrics: metrics)
        let server = try await AdminServer.start(
            host: "127.0.0.1", port: 0, eventLoop: MultiThreadedEventLoopGroup.singleton.any(), responder: responder)
        let outcome = await Result { () async throws in try await body(server.port) }
        try await server.close()
        try outcome.get()
    }

    private func ask(_ requestLine: String, port: Int) async throws -> (head: String, body: String) {
        let answer = try await RawExchange.send(
            "\(requestLine) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", port: port)
        let end = try #require(answer.range(of: "\r\n\r\n"), "no complete head in \(answer)")
        return (String(answer[..<end.lowerBound]), String(answer[end.upperBound...]))
    }

    @Test("/healthz answers 200 and ok, also while the backing is down")
    func health() async throws {
        try await withServer(isBackingUp: false) { port in
            let (head, body) = try await ask("GET /healthz", port: port)
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(body == "ok\n")
        }
    }

    @Test("/healthz and /readyz answer 503 while clients get no answer, and --health exits 1")
    func unanswered() async throws {
        try await withServer(portsAnswer: false) { port in
            let (head, body) = try await ask("GET /healthz", port: port)
            #expect(head.hasPrefix("HTTP/1.1 503 "))
            #expect(body == "clients get no answer\n")
            let ready = try await ask("GET /readyz", port: port)
            #expect(ready.head.hasPrefix("HTTP/1.1 503 "))
            #expect(ready.body == "{\"backing\":\"up\",\"clients\":\"unanswered\",\"coherence\":\"expiry\"}\n")
            #expect(
                await CommandResult.of(flags: ["--health", "--admin-port=\(port)"])
                    == CommandResult(code: 1, errorOutput: "unhealthy: clients get no answer\n"))
        }
    }

    @Test("/readyz answers 200 while the backing is up and 503 while it is not, with JSON", arguments: [true, false])
    func readiness(isBackingUp: Bool) async throws {
        try await withServer(isBackingUp: isBackingUp) { port in
            let (head, body) = try await ask("GET /readyz", port: port)
            #expect(head.hasPrefix(isBackingUp ? "HTTP/1.1 200 " : "HTTP/1.1 503 "))
            #expect(head.contains("\r\nContent-Type: application/json\r\n"))
            #expect(
                body
                    == "{\"backing\":\"\(isBackingUp ? "up" : "down")\",\"clients\":\"answered\",\"coherence\":\"expiry\"}\n"
            )
        }
    }

    @Test("/metrics answers the page as Prometheus text, a query is ignored")
    func metrics() async throws {
        try await withServer { port in
            let (head, body) = try await ask("GET /metrics?format=text", port: port)
            #expect(head.hasPrefix("HTTP/1.1 200 "))
            #expect(head.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
            #expect(body == "metric 1\n")
        }
    }

    @Test("figures that cannot be gathered are a 500, and the server goes on")
    func failing() async throws {
        try await withServer(metrics: { throw Unavailable() }) { port in
            let metrics = try await ask("GET /metrics", port: port)
            #expect(metrics.head.hasPrefix("HTTP/1.1 500 "))
            let health = try await ask("GET /healthz", port: port)
            #expect(health.head.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("/readyz names the primary that Sentinels keep, and says that there is none")
    func primary() {
        func body(_ primary: String??) -> String {
            Readiness(isBackingUp: true, portsAnswer: true, coherence: .tracking, primary: primary).response.body
        }
        #expect(body(nil) == "{\"backing\":\"up\",\"clients\":\"answered\",\"coherence\":\"tracking\"}\n")
        #expect(body(.some("h:1")).hasSuffix(",\"primary\":\"h:1\"}\n"))
        #expect(body(.some(nil)).hasSuffix(",\"primary\":null}\n"))
    }

    @Test("other paths are 404, other methods 405 with what is allowed, HEAD has no body")
    func others() async throws {
        try await withServer { port in
            let root = try await ask("GET /", port: port)
            #expect(root.head.hasPrefix("HTTP/1.1 404 "))
            let unknown = try await ask("POST /nosuch", port: port)
            #expect(unknown.head.hasPrefix("HTTP/1.1 404 "))
            let post = try await ask("POST /healthz", port: port)
            #expect(post.head.hasPrefix("HTTP/1.1 405 "))
            #expect(post.head.contains("\r\nAllow: GET, HEAD\r\n"))
            let head = try await ask("HEAD /healthz", port: port)
            #expect(head.head.contains("\r\nContent-Length: 3\r\n"))
            #expect(head.body == "")
        }
    }

    @Test("several requests on one connection are answered in order")
    func pipelined() async throws {
        try await withServer { port in
            let answer = try await RawExchange.send(
                "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /nosuch HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                port: port)
            let ok = try #require(answer.range(of: "HTTP/1.1 200 "))
            let notFound = try #require(answer.range(of: "HTTP/1.1 404 "))
            #expect(ok.lowerBound < notFound.lowerBound)
        }
    }

    @Test(
        "what is no request, or too large a one, is answered or dropped, closed, and does no harm",
        arguments: [
            "nonsense\r\n\r\n",
            "GET /\(String(repeating: "x", count: 20_000)) HTTP/1.1\r\n\r\n",
            "GET /healthz HTTP/1.1\r\n" + String(repeating: "A: \(String(repeating: "b", count: 900))\r\n", count: 30)
                + "\r\n",
            "POST /healthz HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + String(repeating: "x", count: 5000),
        ])
    func badInput(bytes: String) async throws {
        try await withServer { port in
            let answer = try await RawExchange.send(bytes, port: port)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"))
            let health = try await ask("GET /healthz", port: port)
            #expect(health.body == "ok\n")
        }
    }

    @Test("a busy admin port is an error that names ADMIN_PORT")
    func busy() async throws {
        try await withServer { port in
            await #expect(
                throws: StartupError(
                    "cannot listen on 127.0.0.1:\(port): ADMIN_PORT \(port) is in use by another program")
            ) {
                _ = try await AdminServer.start(
                    host: "127.0.0.1", port: port, eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
                    responder: AdminResponder(
                        health: { Health(portsAnswer: true) },
                        readiness: { Readiness(isBackingUp: true, portsAnswer: true, coherence: .expiry) },
                        metrics: { "" }))
            }
        }
    }

    @Test("--health asks the server of the same settings and exits 0 when it answers")
    func healthCheck() async throws {
        try await withServer(isBackingUp: false) { port in
            let result = await CommandResult.of(
                flags: ["--health"], environment: ["ADMIN_HOST": "0.0.0.0", "ADMIN_PORT": "\(port)"])
            #expect(result == CommandResult(code: 0, output: "healthy: 127.0.0.1:\(port) answers\n"))
        }
    }

    @Test("--health exits 1 with one line when nobody answers or no port is set")
    func unhealthy() async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        try await server.close()
        #expect(
            await CommandResult.of(flags: ["--health", "--admin-port=\(port)"])
                == CommandResult(
                    code: 1, errorOutput: "unhealthy: 127.0.0.1:\(port) does not answer (Connection refused)\n"))
        #expect(
            await CommandResult.of(flags: ["--health"])
                == CommandResult(
                    code: 1, errorOutput: "unhealthy: ADMIN_PORT is off, expected the port of the proxy to ask\n"))
    }

    @Test("--health gives up on a server that accepts and never answers")
    func silent() async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let check = HealthCheck(host: "127.0.0.1", port: port, timeout: .milliseconds(50))
        #expect(
            await check.run()
                == .init(isHealthy: false, line: "unhealthy: 127.0.0.1:\(port) does not answer (timed out)"))
        try await server.close()
    }
}

extension Result where Failure == any Error {
    /// The outcome of asynchronous work.
    fileprivate init(_ work: () async throws -> Success) async {
        do {
            self = .success(try await work())
        } catch {
            self = .failure(error)
        }
    }
}
