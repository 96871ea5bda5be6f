import BackingClient
import NIOCore

extension Settings {
    /// The settings that flags, environment and defaults make together.
    init(_ options: OptionReader) throws(ConfigurationError) {
        proxyHost = try options.value(of: OptionTable.proxyHost)
        proxyPort = try options.value(of: OptionTable.proxyPort)
        servesHTTP = try options.value(of: OptionTable.httpFacade)
        let httpPort = try options.value(of: OptionTable.httpPort)
        self.httpPort = httpPort == proxyPort && httpPort != 0 ? nil : httpPort

        backingAddress = try Self.backingAddress(options)
        password = try Self.password(options)
        username = try options.value(of: OptionTable.redisUsername)
        database = try options.value(of: OptionTable.redisDatabase)
        connectTimeout = try options.value(of: OptionTable.connectTimeout)
        commandTimeout = try options.value(of: OptionTable.commandTimeout)
        redisKeepAlive = Self.unlessZero(try options.value(of: OptionTable.redisKeepAlive))

        cacheExpiry = Self.unlessZero(try options.value(of: OptionTable.cacheExpiryTime))
        cacheCapacity = try options.value(of: OptionTable.cacheCapacity)
        cacheMemoryLimit = try options.value(of: OptionTable.cacheMemoryLimit)
        cacheMaxValueSize = try options.value(of: OptionTable.cacheMaxValueSize)
        cacheRefreshAhead = try options.value(of: OptionTable.cacheRefreshAhead)
        cacheStaleIfError = Self.unlessZero(try options.value(of: OptionTable.cacheStaleIfError))
        coherence = try options.value(of: OptionTable.cacheCoherence)
        trackingHeartbeat = try options.value(of: OptionTable.trackingHeartbeat)
        negativeExpiry = try options.value(of: OptionTable.cacheNegativeExpiryTime)
        trackingKind = try options.value(of: OptionTable.cacheTracking)
        cachePrefixes = Self.list(try options.value(of: OptionTable.cachePrefixes) ?? "")

        maxClients = try options.value(of: OptionTable.maxClients)
        maxConnections = try options.value(of: OptionTable.maxConnections)
        protectedMode = try options.value(of: OptionTable.protectedMode)
        clientAuthentication = try options.value(of: OptionTable.clientAuthentication)
        let idleTimeout = try options.value(of: OptionTable.clientIdleTimeout)
        respIdleTimeout = Self.unlessZero(idleTimeout ?? .zero)
        httpIdleTimeout = Self.unlessZero(idleTimeout ?? .seconds(60))
        keepAlive = Self.unlessZero(try options.value(of: OptionTable.keepAlive))

        adminHost = try options.value(of: OptionTable.adminHost)
        adminPort = try options.value(of: OptionTable.adminPort)
        shutdownTimeout = try options.value(of: OptionTable.shutdownTimeout)
        threads = try options.value(of: OptionTable.threads)
        logLevel = try options.value(of: OptionTable.logLevel)

        if username != nil && password == nil {
            let name = options.givenName(of: OptionTable.redisUsername)
            throw ConfigurationError(
                "\(name): needs a password, expected \(OptionTable.redisPassword.environment) or"
                    + " \(OptionTable.redisPasswordFile.environment) beside it")
        }
    }

    private static func list(_ text: String) -> [String] {
        text.split(separator: ",").map(String.init)
    }

    private static func unlessZero(_ time: TimeAmount) -> TimeAmount? {
        time == .zero ? nil : time
    }

    private static func backingAddress(_ options: OptionReader) throws(ConfigurationError) -> BackingAddress {
        // The port is read even where a Unix socket makes it idle: a value that is wrong is wrong.
        let port = try options.value(of: OptionTable.redisPort)
        switch try options.value(of: OptionTable.redisHost) {
        case .name(let host): return .tcp(host: host, port: port)
        case .unixSocket(let path): return .unix(path: path)
        }
    }

    private static func password(_ options: OptionReader) throws(ConfigurationError) -> Secret? {
        let password = try options.value(of: OptionTable.redisPassword)
        guard let path = try options.value(of: OptionTable.redisPasswordFile) else { return password }
        let name = options.givenName(of: OptionTable.redisPasswordFile)
        guard password == nil else {
            throw ConfigurationError(
                "\(name): given together with \(options.givenName(of: OptionTable.redisPassword)), expected only one of them"
            )
        }
        do {
            return try PasswordFile.read(path: path)
        } catch {
            throw ConfigurationError(
                "\(name): \(QuotedValue(path)) \(error.reason), expected a file that holds the password")
        }
    }
}
