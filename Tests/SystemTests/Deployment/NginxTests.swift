import Foundation
import TestSupport
import Testing

@Suite("deploy/nginx.conf, run by nginx", .blocking, .notOverTLS("nginx ends TLS itself there"))
struct NginxTests {
    private static let name = "cache.example.org"

    /// nginx in front of a proxy, as one process in the foreground.
    private struct Nginx {
        let process: ChildProcess
        let port: Int
        let folder: TemporaryFolder

        init(frontingPort upstream: Int) throws {
            let folder = try TemporaryFolder()
            let port = try freePort()
            let certificate = try run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=\(NginxTests.name)",
                    "-addext", "subjectAltName=DNS:\(NginxTests.name)",
                    "-keyout", folder.path("key"), "-out", folder.path("crt"),
                ])
            guard certificate.ending == .exited(0) else { throw TestSupportError("openssl: \(certificate.errors)") }
            var file = try DeployedFile("nginx.conf")
            try file.replace("listen 443 ssl;", with: "listen 127.0.0.1:\(port) ssl;")
            try file.replace("server 127.0.0.1:8000;", with: "server 127.0.0.1:\(upstream);")
            try file.replace("/etc/nginx/\(NginxTests.name).crt", with: folder.path("crt"))
            try file.replace("/etc/nginx/\(NginxTests.name).key", with: folder.path("key"))
            let site = try folder.write("site.conf", file.text)
            let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map { "\($0)_temp_path \(folder.path($0));" }.joined(separator: " ")
            let main = try folder.write(
                "nginx.conf",
                """
                daemon off; master_process off; pid \(folder.path("pid")); error_log stderr;
                events {}
                http { access_log off; \(temporary) include \(site); }
                """)
            let process = try ChildProcess(
                "nginx", ["-p", folder.path("."), "-c", main], environment: Self.environment)
            try eventually(within: .seconds(30), "nginx accepts") { [port] in
                guard process.isRunning else { throw TestSupportError("nginx ended: \(process.errors)") }
                return (try? RawConnection(port: port)) != nil
            }
            self.process = process
            self.folder = folder
            self.port = port
        }

        /// Debian has it where only root looks for programs.
        private static var environment: [String: String] {
            var environment = ProcessInfo.processInfo.environment
            environment["PATH"] = (environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
            return environment
        }

        func status(_ target: String, _ arguments: String...) throws -> String {
            let result = try run(
                "curl",
                [
                    "-sS", "--path-as-is", "-o", folder.path("body"), "-w", "%{http_code}", "--cacert",
                    folder.path("crt"),
                    "--resolve", "\(NginxTests.name):\(port):127.0.0.1",
                ] + arguments + ["https://\(NginxTests.name):\(port)\(target)"])
            guard result.ending == .exited(0) else { throw TestSupportError("curl: \(result.errors)") }
            return result.output
        }

        var body: String { String(decoding: folder.contents("body"), as: UTF8.self) }
    }

    @Test("keys are read through it with TLS, as the client encoded them, by its name and on connections that it keeps")
    func served() throws {
        let redis = try ProxiedRedis.byExpiry()
        let nginx = try Nginx(frontingPort: redis.proxy.port)
        for key in ["plain", "a/b", "a%b", "a//b", "é", "a b"] { try redis.setBehind(key, "value of \(key)") }
        for (target, key) in [
            ("/plain", "plain"), ("/a/b", "a/b"), ("/a%2Fb", "a/b"), ("/a%25b", "a%b"), ("/a//b", "a//b"),
            ("/%C3%A9", "é"), ("/a%20b", "a b"),
        ] {
            #expect(try nginx.status(target, "-H", "Accept: text/plain") == "200", "\(target): \(nginx.body)")
            #expect(nginx.body == "value of \(key)")
        }
        #expect(try nginx.status("/none") == "204")
        #expect(try nginx.status("/plain", "--head") == "200")
        #expect(try nginx.status("/plain", "-X", "DELETE") == "403", "nginx lets nothing else through")
    }

    @Test("a Redis with a password is read with the client's credentials")
    func credentials() throws {
        let redis = try ProxiedRedis.byExpiry(["REDIS_PASSWORD": "secret"], password: "secret")
        let nginx = try Nginx(frontingPort: redis.proxy.port)
        try redis.setBehind("k", "value")
        #expect(try nginx.status("/k") == "401")
        #expect(try nginx.status("/k", "-u", ":secret") == "200")
    }
}
