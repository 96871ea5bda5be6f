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
        try eventually("the start line") { redis.proxy.log.contains(":\(redis.server.port)") }
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
