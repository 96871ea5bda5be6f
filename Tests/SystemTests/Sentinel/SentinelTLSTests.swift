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

    @Test("who speaks no TLS is told with the option that mends it, which is another for Sentinels and for servers")
    func plaintext() throws {
        let certificates = try TestCertificates()
        let server = try RedisServer(overTLS: false)
        let sentinel = try SentinelServer(
            SentinelGroup.lines(host: "127.0.0.1", port: server.port, quorum: 1, downAfter: 60_000))
        var environment = [
            "REDIS_SENTINELS": "127.0.0.1:\(sentinel.port)", "REDIS_SENTINEL_MASTER": SentinelGroup.name,
            "REDIS_TLS": "on", "REDIS_TLS_CA_FILE": certificates.authority,
        ]
        for option in ["REDIS_SENTINEL_TLS", "REDIS_TLS"] {
            let proxy = try ProxyProcess(environment: environment, overTLS: false)
            try eventually("the option is named: \(proxy.log)") {
                try proxy.client().command("GET", "k").string?.contains("(\(option), ") == true
            }
            environment[option] = "off"
        }
        environment["REDIS_TLS_CA_FILE"] = nil
        let plain = try ProxyProcess(environment: environment, overTLS: false)
        try eventually("it serves") { try plain.client().command("SET", "k", "v") == .status("OK") }
    }

    @Test("with REDIS_ADDRESS_MAP the certificate is to be for the name that is announced, not for where the server is")
    func mappedName() throws {
        let certificates = try TestCertificates()
        let server = try RedisServer(tls: certificates.identity("announced", names: "DNS:localhost"), overTLS: false)
        let other = try RedisServer(tls: certificates.identity("actual", names: "IP:127.0.0.1"), overTLS: false)
        let announced = try freePort()
        let sentinel = try SentinelServer(
            ["sentinel resolve-hostnames yes", "sentinel announce-hostnames yes"]
                + SentinelGroup.lines(host: "localhost", port: announced, quorum: 1, downAfter: 60_000))
        func proxy(to server: RedisServer) throws -> ProxyProcess {
            try ProxyProcess(
                environment: [
                    "REDIS_SENTINELS": "127.0.0.1:\(sentinel.port)", "REDIS_SENTINEL_MASTER": SentinelGroup.name,
                    "REDIS_SENTINEL_TLS": "off", "REDIS_TLS": "on", "REDIS_TLS_CA_FILE": certificates.authority,
                    "REDIS_ADDRESS_MAP": "localhost:\(announced)=127.0.0.1:\(server.tlsPort)",
                ], overTLS: false)
        }
        let right = try proxy(to: server)
        try eventually("it serves: \(right.log)") { try right.client().command("SET", "k", "v") == .status("OK") }
        let wrong = try proxy(to: other)
        try eventually("its name is missed: \(wrong.log)") {
            try wrong.client().command("GET", "k").string?.contains("its certificate is not for localhost") == true
        }
    }
}
