import Logging
import NIOCore
import RESPProxy

/// Every option that redis-proxy has.
///
/// Over its files it is longer than 300 lines, since there are so many options: it is nothing but their list.
enum OptionTable {
    /// Options that belong together, in the order of `--help` and docs/configuration.md.
    struct Section: Sendable {
        let title: String
        let options: [any OptionDescription]
    }

    static let sections: [Section] = [
        Section(
            title: "Listening",
            options: [
                proxyHost, proxyPort, httpFacade, httpPort, proxySocket, proxySocketMode, proxyProtocolFrom,
            ]),
        Section(
            title: "TLS for clients",
            options: [
                tlsCertificate, tlsKey, tlsKeyPassword, tlsPlaintext, tlsAuthorities, tlsClientCertificates,
                tlsClientName, tlsClientPasswords, tlsMinimumVersion, tlsCiphers, tlsReloadInterval,
            ]),
        Section(
            title: "Backing Redis",
            options: [
                redisURL, redisHost, redisPort, redisUsername, redisPassword, redisPasswordFile, redisDatabase,
                connectTimeout, commandTimeout, redisKeepAlive,
            ]),
        Section(
            title: "A backing that Sentinel keeps",
            options: [
                redisSentinels, redisSentinelMaster, redisSentinelUsername, redisSentinelPassword,
                redisSentinelPasswordFile, redisSentinelTLS, redisAddressMap,
            ]),
        Section(
            title: "TLS to the backing Redis",
            options: [
                redisTLS, redisTLSAuthorities, redisTLSCertificate, redisTLSKey, redisTLSKeyPassword,
                redisTLSServerName,
                redisTLSVerify,
            ]),
        Section(
            title: "Cache",
            options: [
                cacheExpiryTime, cacheCapacity, cacheMemoryLimit, cacheMaxValueSize, cacheRefreshAhead,
                cacheStaleIfError, cacheCoherence, trackingHeartbeat,
                cacheNegativeExpiryTime, cacheTracking, cachePrefixes,
            ]),
        Section(
            title: "Clients",
            options: [
                maxClients, maxConnections, protectedMode, httpAllowedHosts, clientAuthentication, clientIdleTimeout,
                keepAlive,
            ]),
        Section(
            title: "Process",
            options: [adminHost, adminPort, adminTLS, shutdownTimeout, threads, logLevel]),
    ]

    static var all: [any OptionDescription] { sections.flatMap(\.options) }
}

// MARK: Listening

extension OptionTable {
    static let proxyHost = Option(
        "PROXY_HOST", .host, default: "0.0.0.0",
        help: "Address to listen on.")
    static let proxyPort = Option(
        "PROXY_PORT", .wholeNumber(0...65535), default: 8000,
        help: "Port for RESP and HTTP. 0 takes any free port, which the start line names.")
    static let httpFacade = Option(
        "HTTP_FACADE", .onOrOff, default: true,
        help: "Whether HTTP is served at all.")
    static let httpPort = Option(
        "HTTP_PORT", ValueKind.wholeNumber(0...65535).optional(), default: nil, shown: "shares `PROXY_PORT`",
        help: "A port of its own for HTTP; PROXY_PORT then speaks RESP only. 0 takes any free port.")
}

extension OptionTable {
    static let proxySocket = Option(
        "PROXY_SOCKET", ValueKind.path.optional(), default: nil, shown: "none",
        help: "Path of a Unix socket beside PROXY_PORT that takes the same protocols, without TLS.")
    static let proxySocketMode = Option(
        "PROXY_SOCKET_MODE", .fileMode, default: 0o700,
        help: "Who may use it, as chmod writes it in octal.")
    static let proxyProtocolFrom = Option(
        "PROXY_PROTOCOL_FROM", .addressBlocks, default: [], shown: "none",
        help:
            "Load balancers that begin each connection to PROXY_PORT and HTTP_PORT with a header of the PROXY protocol, version 2: from"
            + " these addresses it is required, from all others refused.")
}

// MARK: Backing Redis

extension OptionTable {
    static let redisURL = Option(
        "REDIS_URL", ValueKind.url.optional(), default: nil, shown: "none",
        help:
            "The backing in one: redis://user:password@host:port/database, rediss:// for TLS, redis+sentinel://user:password@host:port,…/name/database"
            + " (rediss+sentinel://), or unix:///path; what it leaves out comes from the options below. Others on the machine can read flags: with a password in it prefer the variable."
    )
    static let redisHost = Option(
        "REDIS_HOST", .backingHost, default: .name("localhost"),
        help: "Where the backing Redis is; with the path of a Unix socket REDIS_PORT is not used.")
    static let redisPort = Option(
        "REDIS_PORT", .wholeNumber(1...65535), default: 6379,
        help: "Port of the backing Redis.")
    static let redisUsername = Option(
        "REDIS_USERNAME", ValueKind.text.optional(), default: nil, shown: "the default user",
        help: "ACL user that reads the values to cache; needs a password.")
    static let redisPassword = Option(
        "REDIS_PASSWORD", ValueKind.secret.optional(), default: nil, shown: "none",
        help: "Password of that user. Others on the machine can read flags: prefer the variable or the file.")
    static let redisPasswordFile = Option(
        "REDIS_PASSWORD_FILE", ValueKind.path.optional(), default: nil, shown: "none",
        help: "File that holds the password, less one newline at its end; not together with REDIS_PASSWORD.")
    static let redisDatabase = Option(
        "REDIS_DB", .wholeNumber(0...Int(Int32.max)), default: 0,
        help: "The database that is cached and that HTTP reads.")
    static let connectTimeout = Option(
        "REDIS_CONNECT_TIMEOUT", .seconds(1_000_000...3_600_000_000_000), default: .seconds(1),
        help: "How long opening a connection to the backing may take, name look-up included.")
    static let commandTimeout = Option(
        "REDIS_COMMAND_TIMEOUT", .seconds(1_000_000...86_400_000_000_000), default: .seconds(10),
        help:
            "How long the backing may take to answer a read of the proxy's own, and one by HTTP. Relayed commands have no limit."
    )
    static let redisKeepAlive = Option(
        "REDIS_TCP_KEEPALIVE", .seconds(0...32_767_000_000_000), default: .seconds(300),
        help:
            "When a backing that says nothing is asked by the kernel whether it is there; after twice that without an answer the"
            + " connection ends, and so does one on which nothing sent is acknowledged. In whole seconds, rounded up. 0: never."
    )
}

// MARK: Cache

extension OptionTable {
    static let cacheExpiryTime = Option(
        "CACHE_EXPIRY_TIME", .seconds(0...1_000_000_000_000_000_000), default: .seconds(300),
        changes: .whileRunning,
        help:
            "How long an entry lives, counted from when it was added. 0: not by age; without tracking nothing is cached then."
    )
    static let cacheCapacity = Option(
        "CACHE_CAPACITY", .wholeNumber(0...1_000_000_000), default: 1000,
        changes: .whileRunning,
        help: "How many keys are kept; the least recently read goes first. 0: nothing is cached.")
    static let cacheMemoryLimit = Option(
        "CACHE_MEMORY_LIMIT", .byteCount(1 << 10...1 << 44), default: 256 << 20,
        changes: .whileRunning,
        help: "Bytes for all entries: keys, values and overhead.")
    static let cacheMaxValueSize = Option(
        "CACHE_MAX_VALUE_SIZE", .byteCount(1...512 << 20), default: 8 << 20,
        help: "A longer value is passed on but not kept.")
    static let cacheRefreshAhead = Option(
        "CACHE_REFRESH_AHEAD", .wholeNumber(0...90), default: 0,
        changes: .whileRunning,
        help:
            "The last part of CACHE_EXPIRY_TIME, in percent: an entry that is read in it is fetched anew in the background. 0: none is."
    )
    static let cacheStaleIfError = Option(
        "CACHE_STALE_IF_ERROR", .seconds(0...1_000_000_000_000_000_000), default: .seconds(0),
        changes: .whileRunning,
        help: "While the backing is away, values up to this age are served although nobody knows whether they have"
            + " changed. They are kept apart, within limits as large as the cache's. 0: none are.")
    static let cacheCoherence = Option(
        "CACHE_COHERENCE", .word(of: CoherencePolicy.self), default: .auto,
        help:
            "How a change that was not made through the proxy is noticed. auto: the server announces it, or, where it cannot, by"
            + " expiry; tracking: the server announces it, or nothing is cached; expiry: by the end of the entry's life."
    )
    static let trackingHeartbeat = Option(
        "TRACKING_HEARTBEAT", .seconds(50_000_000...3_600_000_000_000), default: .seconds(1),
        help: "With tracking, how often the backing must answer; 2 s after one is missed the cache answers nobody.")
    static let cacheNegativeExpiryTime = Option(
        "CACHE_NEGATIVE_EXPIRY_TIME", .seconds(0...1_000_000_000_000_000_000), default: .seconds(10),
        changes: .whileRunning,
        help: "With tracking, how long the proxy remembers that a key is absent. 0: not at all.")
    static let cacheTracking = Option(
        "CACHE_TRACKING", .word(of: TrackingKind.self), default: .default,
        help: "What the server announces. default: changes of keys that were read; broadcast: of all keys with one of"
            + " CACHE_PREFIXES, which costs it less memory, and less work for each miss.")
    static let cachePrefixes = Option(
        "CACHE_PREFIXES", ValueKind.text.optional(), default: nil, shown: "all keys",
        changes: .whileRunning,
        help: "Comma-separated: only keys that begin with one of these are cached.")
}

// MARK: Clients

extension OptionTable {
    static let maxClients = Option(
        "MAX_CLIENTS", .wholeNumber(1...1_000_000), default: 20,
        changes: .whileRunning,
        help: "HTTP requests served at once; the next gets status 429.")
    static let maxConnections = Option(
        "MAX_CONNECTIONS", .wholeNumber(1...1_000_000), default: 10_000,
        changes: .whileRunning,
        help: "Client connections at once; the next is told so and closed. Lowered where descriptors do not suffice.")
    static let protectedMode = Option(
        "PROTECTED_MODE", .onOrOff, default: true,
        changes: .whileRunning,
        help: "Refuses clients from beyond this machine while the backing needs no password, as Redis does.")
    static let httpAllowedHosts = Option(
        "HTTP_ALLOWED_HOSTS", .hostNames, default: [], shown: "none",
        changes: .whileRunning,
        help:
            "Comma-separated names by which HTTP clients may call the proxy, beside IP addresses, localhost and PROXY_HOST;"
            + " others get status 421 where PROTECTED_MODE matters.")
    static let clientAuthentication = Option(
        "CLIENT_AUTH", .word(of: ClientAuthentication.self), default: .server,
        help: "With a password set, who may read the cache. server: whom the backing lets in as the same user;"
            + " trust: everybody.")
    static let clientIdleTimeout = Option(
        "CLIENT_IDLE_TIMEOUT", ValueKind.seconds(0...1_000_000_000_000_000_000).optional(), default: nil,
        shown: "0 for RESP, 60 for HTTP",
        changes: .whileRunning,
        help: "When an idle client is closed; a value holds for both protocols. 0: never.")
    static let keepAlive = Option(
        "TCP_KEEPALIVE", .seconds(0...32_767_000_000_000), default: .seconds(300),
        changes: .whileRunning,
        help:
            "When a client that says nothing is asked by the kernel whether it is there; after twice that without an answer it is"
            + " closed. In whole seconds, rounded up. 0: never.")
}

// MARK: Process

extension OptionTable {
    static let adminHost = Option(
        "ADMIN_HOST", .host, default: "127.0.0.1",
        help: "Address for health checks and metrics.")
    static let adminPort = Option(
        "ADMIN_PORT", ValueKind.wholeNumber(0...65535).orOff(), default: nil,
        help: "Port for /healthz, /readyz and /metrics. 0 takes any free port.")
    static let adminTLS = Option(
        "ADMIN_TLS", .onOrOff, default: false,
        help: "Whether that port speaks TLS, by the certificate of TLS_CERT_FILE. It asks for none.")
    static let shutdownTimeout = Option(
        "SHUTDOWN_TIMEOUT", .seconds(0...3_600_000_000_000), default: .seconds(5),
        help: "How long SIGTERM and SIGINT wait for what is in flight.")
    static let threads = Option(
        "THREADS", .wholeNumber(1...1024), default: 1,
        help: "Event loops, each a thread with one connection to the backing for reads.")
    static let logLevel = Option(
        "LOG_LEVEL", .word(of: Logger.Level.self), default: .info,
        help: "The least severe records that are logged, to standard error.")
}
