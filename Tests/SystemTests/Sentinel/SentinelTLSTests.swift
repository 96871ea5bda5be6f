import TestSupport
import Testing

@Suite("a primary that Sentinel keeps, over TLS", .blocking, .enabled(if: ServerProgram.current.speaksTLS, .noTLS))
struct SentinelTLSTests {
    @Test(
        "servers and Sentinels, or servers alone, by address or by name", arguments: [true, false],
        ["127.0.0.1", "localhost"])
    func tls(sentinelsSpeakIt: Bool, host: String) throws {
        let certificates = try TestCertificates()
        // By name the certificate is for nothing else.
        let names = host == "localhost" ? "DNS:localhost" : "IP:127.0.0.1"
        let identity = try certificates.identity("all", names: names)
        let group = try SentinelGroup(
            host: host, tls: SentinelGroup.TLS(certificates, identity, sentinelsSpeakIt: sentinelsSpeakIt))
        var environment = ["REDIS_TLS": "on", "REDIS_TLS_CA_FILE": certificates.authority]
        if !sentinelsSpeakIt { environment["REDIS_SENTINEL_TLS"] = "off" }
        let redis = try SentinelRedis(group, environment)
        let primary = try group.failOver()
        try primary.command("SET", "k", "new")
        try redis.expectSoon("k", "new")
        let clients = try primary.command("CLIENT", "LIST").string ?? ""
        #expect(clients.contains("laddr=127.0.0.1:\(primary.tlsPort) "), "the proxy came by TLS: \(clients)")
    }

    @Test("a certificate that is not for the announced name is refused, and one for it serves at another address, too")
    func names() throws {
        let certificates = try TestCertificates()
        let server = try RedisServer(
            tls: certificates.identity("server", names: "DNS:redis-1.invalid"), overTLS: false)
        let sentinel = try SentinelServer(
            SentinelGroup.lines(host: "127.0.0.1", port: server.port, quorum: 1, downAfter: 60_000))
        let environment = [
            "REDIS_SENTINELS": "127.0.0.1:\(sentinel.port)", "REDIS_SENTINEL_MASTER": SentinelGroup.name,
            "REDIS_SENTINEL_TLS": "off", "REDIS_TLS": "on", "REDIS_TLS_CA_FILE": certificates.authority,
            "REDIS_ADDRESS_MAP": "127.0.0.1:\(server.port)=127.0.0.1:\(server.tlsPort)",
        ]
        let strict = try ProxyProcess(environment: environment, overTLS: false)
        try eventually("its name is missed: \(strict.log)") {
            try strict.client().command("GET", "k").string?.contains("its certificate is not for 127.0.0.1") == true
        }
        let named = try ProxyProcess(
            environment: environment.merging(["REDIS_TLS_SERVER_NAME": "redis-1.invalid"]) { $1 }, overTLS: false)
        try eventually("it serves: \(named.log)") { try named.client().command("SET", "k", "v") == .status("OK") }
    }
}
