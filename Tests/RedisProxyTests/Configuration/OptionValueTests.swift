import BackingClient
import Logging
import NIOCore
import Testing

@testable import RedisProxy

/// One option, a value for it, and what the settings then show.
struct OptionExample: Sendable, CustomTestStringConvertible {
    let environment: String
    let value: String
    let shown: String
    let read: @Sendable (Settings) -> String
    /// What must be given beside it.
    var company: [String: String] = [:]

    init(
        _ environment: String, _ value: String, _ shown: String, with company: [String: String] = [:],
        _ read: @escaping @Sendable (Settings) -> String
    ) {
        self.environment = environment
        self.value = value
        self.shown = shown
        self.company = company
        self.read = read
    }

    var testDescription: String { "\(environment)=\(value)" }

    static let all: [OptionExample] = [
        OptionExample("PROXY_HOST", "127.0.0.1", "127.0.0.1") { $0.proxyHost },
        OptionExample("PROXY_HOST", "[::1]", "::1") { $0.proxyHost },
        OptionExample("PROXY_PORT", "0", "0") { "\($0.proxyPort)" },
        OptionExample("PROXY_PORT", "65535", "65535") { "\($0.proxyPort)" },
        OptionExample("HTTP_FACADE", "no", "false") { "\($0.servesHTTP)" },
        OptionExample("HTTP_PORT", "8080", "Optional(8080)") { "\($0.httpPort as Any)" },
        OptionExample("HTTP_PORT", "8000", "nil") { "\($0.httpPort as Any)" },
        OptionExample("TLS_CERT_FILE", "/c.pem", "/c.pem", with: listenerIdentity) {
            $0.listenerTLS?.files.identity?.certificate.path ?? "nil"
        },
        OptionExample("TLS_KEY_FILE", "/k.pem", "/k.pem", with: listenerIdentity) {
            $0.listenerTLS?.files.identity?.key.path ?? "nil"
        },
        OptionExample("TLS_KEY_PASSWORD_FILE", "/p", "/p", with: listenerIdentity) {
            $0.listenerTLS?.files.identity?.password?.path ?? "nil"
        },
        OptionExample("TLS_PLAINTEXT", "on", "true", with: listenerIdentity) {
            "\($0.listenerTLS?.allowsPlaintext as Bool? ?? false)"
        },
        OptionExample("TLS_CA_FILE", "/ca.pem", "/ca.pem yes", with: listenerIdentity) {
            "\($0.listenerTLS?.files.authorities?.path ?? "nil") \($0.listenerTLS?.terms.clientCertificates.rawValue ?? "nil")"
        },
        OptionExample(
            "TLS_AUTH_CLIENTS", "Optional", "optional", with: listenerIdentity.merging(["TLS_CA_FILE": "/a"]) { $1 }
        ) { $0.listenerTLS?.terms.clientCertificates.rawValue ?? "nil" },
        OptionExample("TLS_AUTH_CLIENTS", "no", "no", with: listenerIdentity) {
            $0.listenerTLS?.terms.clientCertificates.rawValue ?? "nil"
        },
        OptionExample("TLS_CLIENT_NAME", "cn", "CN", with: certificateNames) {
            $0.listenerTLS?.terms.clientName.rawValue ?? "nil"
        },
        OptionExample("TLS_CLIENT_PASSWORDS_FILE", "/pw", "/pw", with: certificateNames) {
            $0.listenerTLS?.passwords?.path ?? "nil"
        },
        OptionExample("TLS_MIN_VERSION", "1.3", "true", with: listenerIdentity) {
            "\($0.listenerTLS?.terms.requiresVersion13 as Bool? ?? false)"
        },
        OptionExample(
            "TLS_CIPHERS", "TLS_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_RSA_WITH_AES_128_CBC_SHA,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", with: listenerIdentity
        ) { ($0.listenerTLS?.terms.ciphers ?? []).map(\.name).joined(separator: ",") },
        OptionExample("ADMIN_TLS", "on", "no", with: listenerIdentity.merging(["TLS_CA_FILE": "/a"]) { $1 }) {
            $0.adminTLS?.terms.clientCertificates.rawValue ?? "nil"
        },
        OptionExample("PROXY_SOCKET", "/run/proxy.sock", "/run/proxy.sock") { $0.proxySocket ?? "nil" },
        OptionExample("PROXY_SOCKET_MODE", "0660", "660") { String($0.proxySocketMode, radix: 8) },
        OptionExample("PROXY_PROTOCOL_FROM", "10.0.0.0/8, fd00::/8,192.0.2.1", "10.0.0.0/8,fd00::/8,192.0.2.1/32") {
            $0.proxyProtocolFrom.map(\.description).joined(separator: ",")
        },
        OptionExample("TLS_RELOAD_INTERVAL", "0.5", "500000000") { "\($0.tlsReloadInterval.nanoseconds)" },
        OptionExample("REDIS_HOST", "redis.example", "redis.example:6379") { "\($0.backingAddress)" },
        OptionExample("REDIS_HOST", "fe80::1%eth0", "[fe80::1%eth0]:6379") { "\($0.backingAddress)" },
        OptionExample("REDIS_HOST", "/run/redis.sock", "/run/redis.sock") { "\($0.backingAddress)" },
        OptionExample("REDIS_HOST", "unix:/run/redis.sock", "/run/redis.sock") { "\($0.backingAddress)" },
        OptionExample("REDIS_URL", "redis://redis.example:1/2", "redis.example:1 2") {
            "\($0.backingAddress) \($0.database)"
        },
        OptionExample("REDIS_PORT", "6380", "localhost:6380") { "\($0.backingAddress)" },
        OptionExample("REDIS_USERNAME", "reader", "reader", with: ["REDIS_PASSWORD": "p"]) { $0.username ?? "nil" },
        OptionExample("REDIS_PASSWORD", "a,b=c, d", "a,b=c, d") {
            String(decoding: $0.password?.reveal() ?? [], as: UTF8.self)
        },
        OptionExample("REDIS_PASSWORD", "-dash", "-dash") {
            String(decoding: $0.password?.reveal() ?? [], as: UTF8.self)
        },
        OptionExample("REDIS_DB", "15", "15") { "\($0.database)" },
        OptionExample("REDIS_CONNECT_TIMEOUT", "0.25", "250000000") { "\($0.connectTimeout.nanoseconds)" },
        OptionExample("REDIS_COMMAND_TIMEOUT", "3", "3000000000") { "\($0.commandTimeout.nanoseconds)" },
        OptionExample("REDIS_TLS", "on", "true") { "\($0.backingTLS != nil)" },
        OptionExample("REDIS_TLS_CA_FILE", "/ca.pem", "/ca.pem", with: tls) {
            $0.backingTLS?.files.authorities?.path ?? "nil"
        },
        OptionExample("REDIS_TLS_CERT_FILE", "/c.pem", "/c.pem", with: identity) {
            $0.backingTLS?.files.identity?.certificate.path ?? "nil"
        },
        OptionExample("REDIS_TLS_KEY_FILE", "/k.pem", "/k.pem", with: identity) {
            $0.backingTLS?.files.identity?.key.path ?? "nil"
        },
        OptionExample("REDIS_TLS_KEY_PASSWORD_FILE", "/p", "/p", with: identity) {
            $0.backingTLS?.files.identity?.password?.path ?? "nil"
        },
        OptionExample("REDIS_TLS_SERVER_NAME", "redis.example", "redis.example", with: tls) {
            $0.backingTLS?.serverName ?? "nil"
        },
        OptionExample("REDIS_TLS_VERIFY", "off", "false", with: tls) { "\($0.backingTLS?.verifies as Bool? ?? true)" },
        OptionExample("CACHE_EXPIRY_TIME", "1.5", "Optional(1500000000)") { "\($0.cacheExpiry?.nanoseconds as Any)" },
        OptionExample("CACHE_EXPIRY_TIME", "0", "nil") { "\($0.cacheExpiry as Any)" },
        OptionExample("CACHE_CAPACITY", "0", "0") { "\($0.cacheCapacity)" },
        OptionExample("CACHE_MEMORY_LIMIT", "1gb", "1073741824") { "\($0.cacheMemoryLimit)" },
        OptionExample("CACHE_MEMORY_LIMIT", "1GiB", "1073741824") { "\($0.cacheMemoryLimit)" },
        OptionExample("CACHE_MEMORY_LIMIT", "2m", "2000000") { "\($0.cacheMemoryLimit)" },
        OptionExample("CACHE_MAX_VALUE_SIZE", "4096", "4096") { "\($0.cacheMaxValueSize)" },
        OptionExample("CACHE_REFRESH_AHEAD", "20", "20") { "\($0.cacheRefreshAhead)" },
        OptionExample("CACHE_STALE_IF_ERROR", "60", "Optional(60000000000)") {
            "\($0.cacheStaleIfError?.nanoseconds as Any)"
        },
        OptionExample("CACHE_COHERENCE", "EXPIRY", "expiry") { "\($0.coherence)" },
        OptionExample("TRACKING_HEARTBEAT", "0.5", "500000000") { "\($0.trackingHeartbeat.nanoseconds)" },
        OptionExample("CACHE_NEGATIVE_EXPIRY_TIME", "0", "0") { "\($0.negativeExpiry.nanoseconds)" },
        OptionExample("CACHE_TRACKING", "Broadcast", "broadcast") { "\($0.trackingKind)" },
        OptionExample("CACHE_PREFIXES", "a:,b:", #"["a:", "b:"]"#) { "\($0.cachePrefixes)" },
        OptionExample("MAX_CLIENTS", "1000", "1000") { "\($0.maxClients)" },
        OptionExample("MAX_CONNECTIONS", "5", "5") { "\($0.maxConnections)" },
        OptionExample("HTTP_ALLOWED_HOSTS", "cache.example, my_host , a.", #"["cache.example", "my_host", "a."]"#) {
            "\($0.httpAllowedHosts)"
        },
        OptionExample("PROTECTED_MODE", "Off", "false") { "\($0.protectedMode)" },
        OptionExample("CLIENT_AUTH", "trust", "trust") { "\($0.clientAuthentication)" },
        OptionExample("REDIS_TCP_KEEPALIVE", "60", "60") { keepAlive($0.redisKeepAlive) },
        OptionExample("REDIS_TCP_KEEPALIVE", "0", "never") { keepAlive($0.redisKeepAlive) },
        OptionExample("TCP_KEEPALIVE", "45", "45") { keepAlive($0.keepAlive) },
        OptionExample("TCP_KEEPALIVE", "0", "never") { keepAlive($0.keepAlive) },
        OptionExample("CLIENT_IDLE_TIMEOUT", "7", "7, 7") { idleTimeouts($0) },
        OptionExample("CLIENT_IDLE_TIMEOUT", "0", "none, none") { idleTimeouts($0) },
        OptionExample("ADMIN_HOST", "0.0.0.0", "0.0.0.0") { $0.adminHost },
        OptionExample("ADMIN_PORT", "9121", "Optional(9121)") { "\($0.adminPort as Any)" },
        OptionExample("ADMIN_PORT", "off", "nil") { "\($0.adminPort as Any)" },
        OptionExample("SHUTDOWN_TIMEOUT", "0", "0") { "\($0.shutdownTimeout.nanoseconds)" },
        OptionExample("THREADS", "3", "3") { "\($0.threads)" },
        OptionExample("LOG_LEVEL", "DEBUG", "debug") { "\($0.logLevel)" },
    ]
}

private let tls = ["REDIS_TLS": "on"]
private let identity = ["REDIS_TLS": "on", "REDIS_TLS_CERT_FILE": "/c", "REDIS_TLS_KEY_FILE": "/k"]
private let listenerIdentity = ["TLS_CERT_FILE": "/c", "TLS_KEY_FILE": "/k"]
private let certificateNames = [
    "TLS_CERT_FILE": "/c", "TLS_KEY_FILE": "/k", "TLS_CA_FILE": "/a", "TLS_CLIENT_NAME": "URI",
    "TLS_CLIENT_PASSWORDS_FILE": "/p",
]

private func keepAlive(_ time: TimeAmount?) -> String {
    time.map { "\($0.nanoseconds / 1_000_000_000)" } ?? "never"
}

/// Both idle time-outs in seconds: RESP's, then HTTP's.
private func idleTimeouts(_ settings: Settings) -> String {
    [settings.respIdleTimeout, settings.httpIdleTimeout]
        .map { $0.map { "\($0.nanoseconds / 1_000_000_000)" } ?? "none" }
        .joined(separator: ", ")
}

@Suite struct OptionValueTests {
    @Test("an option takes its value from its environment variable", arguments: OptionExample.all)
    func environment(_ example: OptionExample) throws {
        let variables = example.company.merging([example.environment: example.value]) { $1 }
        #expect(try example.read(Settings(environment: variables)) == example.shown)
    }

    @Test("an option takes its value from its flag, after a space or an equals sign", arguments: OptionExample.all)
    func flag(_ example: OptionExample) throws {
        let option = try #require(OptionTable.all.first { $0.environment == example.environment })
        let separate = try Settings(flags: [option.flag, example.value], environment: example.company)
        let attached = try Settings(flags: ["\(option.flag)=\(example.value)"], environment: example.company)
        #expect(example.read(separate) == example.shown)
        #expect(example.read(attached) == example.shown)
    }

    @Test("every option of the table has an example here, save the password file, which has tests of its own")
    func complete() {
        let examples = Set(OptionExample.all.map(\.environment))
        #expect(Set(OptionTable.all.map(\.environment)).subtracting(examples) == ["REDIS_PASSWORD_FILE"])
    }

    @Test("a flag goes before a variable, a variable before the default")
    func precedence() throws {
        #expect(try Settings().proxyPort == 8000)
        #expect(try Settings(environment: ["PROXY_PORT": "8001"]).proxyPort == 8001)
        #expect(try Settings(flags: ["--proxy-port=8002"], environment: ["PROXY_PORT": "8001"]).proxyPort == 8002)
    }

    @Test("a wrong variable under a good flag does not matter")
    func shadowedVariable() throws {
        #expect(try Settings(flags: ["--proxy-port=8002"], environment: ["PROXY_PORT": "x"]).proxyPort == 8002)
    }

    @Test("an empty variable counts as unset", arguments: OptionTable.all.map(\.environment))
    func emptyVariable(_ environment: String) throws {
        let defaults = String(reflecting: try Settings())
        let settings = try Settings(environment: [environment: ""])
        #expect(String(reflecting: settings) == defaults)
    }

    @Test("the defaults are those that the documentation promises")
    func defaults() throws {
        let settings = try Settings()
        #expect(settings.proxyHost == "0.0.0.0")
        #expect(settings.proxyPort == 8000)
        #expect(settings.servesHTTP)
        #expect(settings.httpPort == nil)
        #expect(settings.backingAddress == .tcp(host: "localhost", port: 6379))
        #expect(settings.username == nil)
        #expect(settings.password == nil)
        #expect(settings.database == 0)
        #expect(settings.connectTimeout == .seconds(1))
        #expect(settings.commandTimeout == .seconds(10))
        #expect(settings.cacheExpiry == .seconds(300))
        #expect(settings.cacheCapacity == 1000)
        #expect(settings.cacheMemoryLimit == 268_435_456)
        #expect(settings.cacheMaxValueSize == 8_388_608)
        #expect(settings.cacheRefreshAhead == 0)
        #expect(settings.cacheStaleIfError == nil)
        #expect(settings.coherence == .auto)
        #expect(settings.maxClients == 20)
        #expect(settings.maxConnections == 10_000)
        #expect(settings.protectedMode)
        #expect(settings.clientAuthentication == .server)
        #expect(settings.respIdleTimeout == nil)
        #expect(settings.httpIdleTimeout == .seconds(60))
        #expect(settings.adminHost == "127.0.0.1")
        #expect(settings.adminPort == nil)
        #expect(settings.shutdownTimeout == .seconds(5))
        #expect(settings.threads == 1)
        #expect(settings.logLevel == .info)
    }
}
