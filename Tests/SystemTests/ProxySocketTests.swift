import Foundation
import TestSupport
import Testing

@Suite("a Unix socket beside the port", .blocking)
struct ProxySocketTests {
    private let folder: TemporaryFolder
    private let server: RedisServer

    init() throws {
        self.folder = try TemporaryFolder()
        self.server = try RedisServer()
        // The proxy makes its socket here, and may be another user.
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: self.folder.path("."))
    }

    private var path: String { self.folder.path("proxy.sock") }

    private func proxy(_ environment: [String: String] = [:]) throws -> ProxyProcess {
        try ProxyProcess(
            fronting: self.server, environment: ["PROXY_SOCKET": self.path].merging(environment) { $1 })
    }

    private func ping() throws -> String { try run("redis-cli", ["-s", self.path, "PING"]).output }

    private func mode() throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: self.path)[.posixPermissions] as? Int
    }

    @Test("RESP and HTTP are served there without TLS; nothing is logged of it, and it is removed at the end")
    func served() throws {
        let certificates = try TestCertificates()
        let identity = try certificates.identity("listener")
        let proxy = try self.proxy(["TLS_CERT_FILE": identity.certificate, "TLS_KEY_FILE": identity.key])
        try eventually("it listens") {
            try run("redis-cli", ["-s", self.path, "SET", "k", "v"]).output == "OK\n"
        }
        let curl = try run("curl", ["-sS", "--unix-socket", self.path, "http://localhost/k"])
        #expect(curl.output == #"{"key":"k","value":"v"}"#)
        #expect(try self.mode() == 0o700)
        #expect(!proxy.log.contains("warning") && !proxy.log.contains("error"), "\(proxy.log)")
        proxy.process.signal(SIGTERM)
        #expect(try proxy.process.wait() == .exited(0))
        #expect(!FileManager.default.fileExists(atPath: self.path))
    }

    @Test("a stale one is replaced; one that is in use is not, nor is another file")
    func takenPlaces() throws {
        let killed = try self.proxy()
        try eventually("it listens") { try self.ping() == "PONG\n" }
        killed.process.signal(SIGKILL)
        _ = try killed.process.wait()
        #expect(FileManager.default.fileExists(atPath: self.path), "a killed proxy leaves it behind")
        let proxy = try self.proxy(["PROXY_SOCKET_MODE": "0666"])
        try eventually("the next one listens") { try self.ping() == "PONG\n" }
        #expect(try self.mode() == 0o666)
        func refusal(_ path: String) throws -> String {
            let result = try ProxyProcess.runToEnd(environment: [
                "PROXY_HOST": "127.0.0.1", "PROXY_PORT": "0", "PROXY_SOCKET": path,
            ])
            #expect(result.ending == .exited(1))
            return result.errors
        }
        #expect(try refusal(self.path).contains("PROXY_SOCKET is in use by another program"))
        #expect(try self.ping() == "PONG\n", "the one that is in use is not touched")
        let file = try self.folder.write("file", "content")
        #expect(try refusal(file).contains("PROXY_SOCKET is there, and is no socket"))
        #expect(try refusal("/nosuch/proxy.sock").contains("No such file or directory"))
        withExtendedLifetime(proxy) {}
    }
}
