import TestSupport
import Testing

/// An IPv4 address of this machine that is not loopback, where it has one.
private let outerAddress: String? = (try? run("hostname", ["-I"]))?.output.split(separator: " ")
    .map(String.init).first { $0.contains(".") && !$0.hasPrefix("127.") }

@Suite("protected mode", .blocking)
struct ProtectedModeTests {
    @Test(
        "off on an address beyond loopback gives one warning at start, otherwise none",
        arguments: [
            (host: "0.0.0.0", mode: "off", warnings: 1), (host: "127.0.0.1", mode: "off", warnings: 0),
            (host: "0.0.0.0", mode: "on", warnings: 0),
        ])
    func warning(host: String, mode: String, warnings: Int) throws {
        let redis = try ProxiedRedis.byExpiry(["PROXY_HOST": host, "PROTECTED_MODE": mode])
        #expect(try redis.client().command("SET", "k", "v") == .status("OK"), "loopback is always let in")
        #expect(try redis.http.get("/k").status == 200)
        try eventually("the start line") { redis.proxy.log.contains(":\(redis.server.backingPort)") }
        let lines = redis.proxy.log.split(separator: "\n").filter {
            $0.contains("warn") && $0.contains("PROTECTED_MODE")
        }
        #expect(lines.count == warnings, "\(redis.proxy.log)")
    }

    @Test(
        "on, a client from beyond loopback reads -DENIED or 403, naming the option", .enabled(if: outerAddress != nil))
    func denied() throws {
        let address = try #require(outerAddress)
        let redis = try ProxiedRedis.byExpiry(["PROXY_HOST": "0.0.0.0"])
        try redis.setBehind("k", "value")
        let client = try RawConnection(address: address, port: redis.proxy.port)
        try client.send("GET k\r\n")
        let text = String(decoding: try client.receiveToEnd().bytes, as: UTF8.self)
        #expect(text.hasPrefix("-DENIED ") && text.hasSuffix("\r\n") && text.contains("PROTECTED_MODE"))
        let browser = try RawConnection(address: address, port: redis.proxy.port)
        let response = try browser.httpGet("/k")
        #expect(response.status == 403)
        #expect(response.text.contains("PROTECTED_MODE"))
    }

    @Test(
        "on, a client from beyond loopback is told so inside TLS, once the handshake is done",
        .enabled(if: outerAddress != nil))
    func deniedOverTLS() throws {
        let address = try #require(outerAddress)
        let certificates = try TestCertificates()
        let identity = try certificates.identity("listener")
        let redis = try ProxiedRedis([
            "PROXY_HOST": "0.0.0.0", "TLS_CERT_FILE": identity.certificate, "TLS_KEY_FILE": identity.key,
        ])
        let words = ["--tls", "--cacert", certificates.authority, "-p", "\(redis.proxy.port)"]
        let denied = try run("redis-cli", words + ["-h", address, "SET", "k", "v"])
        #expect((denied.output + denied.errors).contains("DENIED Redis is running in protected mode"))
        let url = "https://\(address):\(redis.proxy.port)/k"
        let browser = try run("curl", ["-sS", "-i", "--insecure", "--max-time", "30", url]).output
        #expect(browser.hasPrefix("HTTP/1.1 403") && browser.contains("PROTECTED_MODE"), "\(browser)")
        #expect(try redis.server.command("EXISTS", "k") == .integer(0))
        // Who only begins a handshake gets no longer than others who are turned away.
        let silent = try RawConnection(address: address, port: redis.proxy.port)
        try silent.send([0x16, 0x03, 0x01])
        let started = ContinuousClock.now
        #expect(try silent.receiveToEnd().bytes.isEmpty)
        #expect(ContinuousClock.now - started < .seconds(8))
        #expect(try run("redis-cli", words + ["SET", "k", "v"]).output == "OK\n", "loopback is let in")
    }

    @Test("off, or with a password, a client from beyond loopback is served", .enabled(if: outerAddress != nil))
    func letIn() throws {
        let address = try #require(outerAddress)
        let open = try ProxiedRedis.byExpiry(["PROXY_HOST": "0.0.0.0", "PROTECTED_MODE": "off"])
        let client = try RawConnection(address: address, port: open.proxy.port)
        #expect(try client.roundTrip("SET", "k", "v") == "+OK\r\n")
        let safe = try ProxiedRedis.byExpiry(["PROXY_HOST": "0.0.0.0", "REDIS_PASSWORD": "secret"], password: "secret")
        let other = try RawConnection(address: address, port: safe.proxy.port)
        #expect(try other.roundTrip("GET", "k").hasPrefix("-NOAUTH"))
        #expect(try other.roundTrip("AUTH", "secret") == "+OK\r\n")
        #expect(try other.roundTrip("GET", "k") == "$-1\r\n")
    }
}
