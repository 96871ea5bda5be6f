import BackingClient
import Logging
import NIOCore
import Testing
import Time

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
        OptionExample("PROXY_HOST", "127.0.0.1", "127.0.0.1") { $0.listening.host },
        OptionExample("PROXY_HOST", "[::1]", "::1") { $0.listening.host },
        OptionExample("PROXY_PORT", "0", "0") { "\($0.listening.port)" },
        OptionExample("PROXY_PORT", "65535", "65535") { "\($0.listening.port)" },
        OptionExample("HTTP_FACADE", "no", "false") { "\($0.listening.servesHTTP)" },
        OptionExample("HTTP_PORT", "8080", "Optional(8080)") { "\($0.listening.httpPort as Any)" },
        OptionExample("HTTP_PORT", "8000", "nil") { "\($0.listening.httpPort as Any)" },
        OptionExample("TLS_CERT_FILE", "/c.pem", "/c.pem", with: listenerIdentity) {
            $0.listening.tls?.files.identity?.certificate.path ?? "nil"
        },
        OptionExample("TLS_KEY_FILE", "/k.pem", "/k.pem", with: listenerIdentity) {
            $0.listening.tls?.files.identity?.key.path ?? "nil"
        },
        OptionExample("TLS_KEY_PASSWORD_FILE", "/p", "/p", with: listenerIdentity) {
            $0.listening.tls?.files.identity?.password?.path ?? "nil"
        },
        OptionExample("TLS_PLAINTEXT", "on", "true", with: listenerIdentity) {
            "\($0.listening.tls?.allowsPlaintext as Bool? ?? false)"
        },
        OptionExample("TLS_CA_FILE", "/ca.pem", "/ca.pem yes", with: listenerIdentity) {
            "\($0.listening.tls?.files.authorities?.path ?? "nil") \($0.listening.tls?.terms.clientCertificates.rawValue ?? "nil")"
        },
        OptionExample(
            "TLS_AUTH_CLIENTS", "Optional", "optional", with: listenerIdentity.merging(["TLS_CA_FILE": "/a"]) { $1 }
        ) { $0.listening.tls?.terms.clientCertificates.rawValue ?? "nil" },
        OptionExample("TLS_AUTH_CLIENTS", "no", "no", with: listenerIdentity) {
            $0.listening.tls?.terms.clientCertificates.rawValue ?? "nil"
        },
        OptionExample("TLS_CLIENT_NAME", "cn", "CN", with: certificateNames) {
            $0.listening.tls?.terms.clientName.rawValue ?? "nil"
        },
        OptionExample("TLS_CLIENT_PASSWORDS_FILE", "/pw", "/pw", with: certificateNames) {
            $0.listening.tls?.passwords?.path ?? "nil"
        },
        OptionExample("TLS_MIN_VERSION", "1.3", "true", with: listenerIdentity) {
            "\($0.listening.tls?.terms.requiresVersion13 as Bool? ?? false)"
        },
        OptionExample(
            "TLS_CIPHERS", "TLS_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_RSA_WITH_AES_128_CBC_SHA,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", with: listenerIdentity
        ) { ($0.listening.tls?.terms.ciphers ?? []).map(\.name).joined(separator: ",") },
        OptionExample("ADMIN_TLS", "on", "no", with: listenerIdentity.merging(["TLS_CA_FILE": "/a"]) { $1 }) {
            $0.process.adminTLS?.terms.clientCertificates.rawValue ?? "nil"
        },
        OptionExample("PROXY_SOCKET", "/run/proxy.sock", "/run/proxy.sock") { $0.listening.socket ?? "nil" },
        OptionExample("PROXY_SOCKET_MODE", "0660", "660") { String($0.listening.socketMode, radix: 8) },
        OptionExample("PROXY_PROTOCOL_FROM", "10.0.0.0/8, fd00::/8,192.0.2.1", "10.0.0.0/8,fd00::/8,192.0.2.1/32") {
            $0.listening.proxyProtocolFrom.map(\.description).joined(separator: ",")
        },
        OptionExample("TLS_RELOAD_INTERVAL", "0.5", "500000000") { "\($0.listening.tlsReloadInterval.nanoseconds)" },
        OptionExample("REDIS_HOST", "redis.example", "redis.example:6379") { "\($0.backing.address)" },
        OptionExample("REDIS_HOST", "fe80::1%eth0", "[fe80::1%eth0]:6379") { "\($0.backing.address)" },
        OptionExample("REDIS_HOST", "/run/redis.sock", "/run/redis.sock") { "\($0.backing.address)" },
        OptionExample("REDIS_HOST", "unix:/run/redis.sock", "/run/redis.sock") { "\($0.backing.address)" },
        OptionExample("REDIS_URL", "redis://redis.example:1/2", "redis.example:1 2") {
            "\($0.backing.address) \($0.backing.database)"
        },
        OptionExample("REDIS_PORT", "6380", "localhost:6380") { "\($0.backing.address)" },
        OptionExample("REDIS_USERNAME", "reader", "reader", with: ["REDIS_PASSWORD": "p"]) {
            $0.backing.username ?? "nil"
        },
        OptionExample("REDIS_PASSWORD", "a,b=c, d", "a,b=c, d") {
            String(decoding: $0.backing.password?.reveal() ?? [], as: UTF8.self)
        },
        OptionExample("REDIS_PASSWORD", "-dash", "-dash") {
            String(decoding: $0.backing.password?.reveal() ?? [], as: UTF8.self)
        },
        OptionExample("REDIS_DB", "15", "15") { "\($0.backing.database)" },
        OptionExample("REDIS_CONNECT_TIMEOUT", "0.25", "250000000") { "\($0.backing.connectTimeout.nanoseconds)" },
        OptionExample("REDIS_COMMAND_TIMEOUT", "3", "3000000000") { "\($0.backing.commandTimeout.nanoseconds)" },
        OptionExample("REDIS_TLS", "on", "true") { "\($0.backing.tls != nil)" },
        OptionExample("REDIS_TLS_CA_FILE", "/ca.pem", "/ca.pem", with: tls) {
            $0.backing.tls?.files.authorities?.path ?? "nil"
        },
        OptionExample("REDIS_TLS_CERT_FILE", "/c.pem", "/c.pem", with: identity) {
            $0.backing.tls?.files.identity?.certificate.path ?? "nil"
        },
        OptionExample("REDIS_TLS_KEY_FILE", "/k.pem", "/k.pem", with: identity) {
            $0.backing.tls?.files.identity?.key.path ?? "nil"
        },
        OptionExample("REDIS_TLS_KEY_PASSWORD_FILE", "/p", "/p", with: identity) {
            $0.backing.tls?.files.identity?.password?.path ?? "nil"
        },
        OptionExample("REDIS_TLS_SERVER_NAME", "redis.example", "redis.example", with: tls) {
            $0.backing.tls?.serverName ?? "nil"
        },
        OptionExample("REDIS_TLS_VERIFY", "off", "false", with: tls) { "\($0.backing.tls?.verifies as Bool? ?? true)" },
        OptionExample(
            "REDIS_SENTINELS", "a, b:1,[::1]:2", "a:26379,b:1,[::1]:2", with: ["REDIS_SENTINEL_MASTER": "m"]
        ) { ($0.backing.sentinel?.sentinels ?? []).map(\.description).joined(separator: ",") },
        OptionExample("REDIS_SENTINEL_MASTER", "my/master", "my/master (by Sentinel)", with: sentinels) {
            "\($0.backing.address)"
        },
        OptionExample(
            "REDIS_SENTINEL_USERNAME", "watcher", "watcher",
            with: sentinels.merging(["REDIS_SENTINEL_PASSWORD": "p"]) { $1 }
        ) { $0.backing.sentinel?.username ?? "nil" },
        OptionExample("REDIS_SENTINEL_PASSWORD", "a,b=c", "a,b=c", with: sentinels) {
            String(decoding: $0.backing.sentinel?.password?.reveal() ?? [], as: UTF8.self)
        },
        OptionExample("REDIS_SENTINEL_TLS", "on", "true false", with: sentinels) {
            "\($0.backing.sentinel?.tls != nil) \($0.backing.tls != nil)"
        },
        OptionExample("REDIS_SENTINEL_TLS", "off", "false true", with: sentinels.merging(tls) { $1 }) {
            "\($0.backing.sentinel?.tls != nil) \($0.backing.tls != nil)"
        },
        OptionExample(
            "REDIS_ADDRESS_MAP", "10.0.0.1:6379=127.0.0.1:1, r:2=[::1]:3", "10.0.0.1:6379=127.0.0.1:1,r:2=[::1]:3",
            with: sentinels
        ) {
            ($0.backing.sentinel?.addresses ?? []).map { "\($0.announced)=\($0.actual)" }.joined(separator: ",")
        },
        OptionExample("CACHE_EXPIRY_TIME", "1.5", "Optional(1500000000)") { "\($0.cache.expiry?.nanoseconds as Any)" },
        OptionExample("CACHE_EXPIRY_TIME", "0", "nil") { "\($0.cache.expiry as Any)" },
        OptionExample("CACHE_CAPACITY", "0", "0") { "\($0.cache.capacity)" },
        OptionExample("CACHE_MEMORY_LIMIT", "1gb", "1073741824") { "\($0.cache.memoryLimit)" },
        OptionExample("CACHE_MEMORY_LIMIT", "1GiB", "1073741824") { "\($0.cache.memoryLimit)" },
        OptionExample("CACHE_MEMORY_LIMIT", "2m", "2000000") { "\($0.cache.memoryLimit)" },
        OptionExample("CACHE_MAX_VALUE_SIZE", "4096", "4096") { "\($0.cache.maxValueSize)" },
        OptionExample("CACHE_REFRESH_AHEAD", "20", "20") { "\($0.cache.refreshAhead)" },
        OptionExample("CACHE_STALE_IF_ERROR", "60", "Optional(60000000000)") {
            "\($0.cache.staleIfError?.nanoseconds as Any)"
        },
        OptionExample("CACHE_COHERENCE", "EXPIRY", "expiry") { "\($0.cache.coherence)" },
        OptionExample("TRACKING_HEARTBEAT", "0.5", "500000000") { "\($0.cache.trackingHeartbeat.nanoseconds)" },
        OptionExample("CACHE_NEGATIVE_EXPIRY_TIME", "0", "0") { "\($0.cache.negativeExpiry.nanoseconds)" },
        OptionExample("CACHE_TRACKING", "Broadcast", "broadcast") { "\($0.cache.trackingKind)" },
        OptionExample("CACHE_PREFIXES", "a:,b:", #"["a:", "b:"]"#) { "\($0.cache.prefixes)" },
        OptionExample("MAX_CLIENTS", "1000", "1000") { "\($0.clients.maxClients)" },
        OptionExample("MAX_CONNECTIONS", "5", "5") { "\($0.clients.maxConnections)" },
        OptionExample("HTTP_ALLOWED_HOSTS", "cache.example, my_host , a.", #"["cache.example", "my_host", "a."]"#) {
            "\($0.clients.httpAllowedHosts)"
        },
        OptionExample("PROTECTED_MODE", "Off", "false") { "\($0.clients.protectedMode)" },
        OptionExample("CLIENT_AUTH", "trust", "trust") { "\($0.clients.authentication)" },
        OptionExample("REDIS_TCP_KEEPALIVE", "60", "60") { keepAlive($0.backing.keepAlive) },
        OptionExample("REDIS_TCP_KEEPALIVE", "0", "never") { keepAlive($0.backing.keepAlive) },
        OptionExample("TCP_KEEPALIVE", "45", "45") { keepAlive($0.clients.keepAlive) },
        OptionExample("TCP_KEEPALIVE", "0", "never") { keepAlive($0.clients.keepAlive) },
        OptionExample("CLIENT_IDLE_TIMEOUT", "7", "7, 7") { idleTimeouts($0) },
        OptionExample("CLIENT_IDLE_TIMEOUT", "0", "none, none") { idleTimeouts($0) },
        OptionExample("ADMIN_HOST", "0.0.0.0", "0.0.0.0") { $0.process.adminHost },
        OptionExample("ADMIN_PORT", "9121", "Optional(9121)") { "\($0.process.adminPort as Any)" },
        OptionExample("ADMIN_PORT", "off", "nil") { "\($0.process.adminPort as Any)" },
        OptionExample("SHUTDOWN_TIMEOUT", "0", "0") { "\($0.process.shutdownTimeout.nanoseconds)" },
        OptionExample("THREADS", "3", "3") { "\($0.process.threads)" },
        OptionExample("LOG_LEVEL", "DEBUG", "debug") { "\($0.process.logLevel)" },
    ]
}

private let tls = ["REDIS_TLS": "on"]
private let sentinels = ["REDIS_SENTINELS": "s", "REDIS_SENTINEL_MASTER": "m"]
private let identity = ["REDIS_TLS": "on", "REDIS_TLS_CERT_FILE": "/c", "REDIS_TLS_KEY_FILE": "/k"]
private let listenerIdentity = ["TLS_CERT_FILE": "/c", "TLS_KEY_FILE": "/k"]
private let certificateNames = [
    "TLS_CERT_FILE": "/c", "TLS_KEY_FILE": "/k", "TLS_CA_FILE": "/a", "TLS_CLIENT_NAME": "URI",
    "TLS_CLIENT_PASSWORDS_FILE": "/p",
]

private func keepAlive(_ time: TimeSpan?) -> String {
    time.map { "\($0.nanoseconds / 1_000_000_000)" } ?? "never"
}

/// Both idle time-outs in seconds: RESP's, then HTTP's.
private func idleTimeouts(_ settings: Settings) -> String {
    [settings.clients.respIdleTimeout, settings.clients.httpIdleTimeout]
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

    @Test("every option of the table has an example here, save the password files, which have tests of their own")
    func complete() {
        let examples = Set(OptionExample.all.map(\.environment))
        #expect(
            Set(OptionTable.all.map(\.environment)).subtracting(examples) == [
                "REDIS_PASSWORD_FILE", "REDIS_SENTINEL_PASSWORD_FILE",
            ])
    }

    @Test("a flag goes before a variable, a variable before the default")
    func precedence() throws {
        #expect(try Settings().listening.port == 8000)
        #expect(try Settings(environment: ["PROXY_PORT": "8001"]).listening.port == 8001)
        #expect(try Settings(flags: ["--proxy-port=8002"], environment: ["PROXY_PORT": "8001"]).listening.port == 8002)
    }

    @Test("a wrong variable under a good flag does not matter")
    func shadowedVariable() throws {
        #expect(try Settings(flags: ["--proxy-port=8002"], environment: ["PROXY_PORT": "x"]).listening.port == 8002)
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
        #expect(settings.listening.host == "0.0.0.0")
        #expect(settings.listening.port == 8000)
        #expect(settings.listening.servesHTTP)
        #expect(settings.listening.httpPort == nil)
        #expect(settings.backing.address == .tcp(host: "localhost", port: 6379))
        #expect(settings.backing.username == nil)
        #expect(settings.backing.password == nil)
        #expect(settings.backing.database == 0)
        #expect(settings.backing.connectTimeout == .seconds(1))
        #expect(settings.backing.commandTimeout == .seconds(10))
        #expect(settings.cache.expiry == .seconds(300))
        #expect(settings.cache.capacity == 1000)
        #expect(settings.cache.memoryLimit == 268_435_456)
        #expect(settings.cache.maxValueSize == 8_388_608)
        #expect(settings.cache.refreshAhead == 0)
        #expect(settings.cache.staleIfError == nil)
        #expect(settings.cache.coherence == .auto)
        #expect(settings.clients.maxClients == 20)
        #expect(settings.clients.maxConnections == 10_000)
        #expect(settings.clients.protectedMode)
        #expect(settings.clients.authentication == .server)
        #expect(settings.clients.respIdleTimeout == nil)
        #expect(settings.clients.httpIdleTimeout == .seconds(60))
        #expect(settings.process.adminHost == "127.0.0.1")
        #expect(settings.process.adminPort == nil)
        #expect(settings.process.shutdownTimeout == .seconds(5))
        #expect(settings.process.threads == 1)
        #expect(settings.process.logLevel == .info)
    }
}
