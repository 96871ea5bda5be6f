import BackingClient
import NIOCore

extension Settings {
    /// The settings that flags, environment and defaults make together.
    init(_ options: OptionReader) throws(ConfigurationError) {
        proxyHost = try options.value(of: OptionTable.proxyHost)
        proxyPort = try options.value(of: OptionTable.proxyPort)
        proxySocket = try options.value(of: OptionTable.proxySocket)
        proxySocketMode = try options.value(of: OptionTable.proxySocketMode)
        proxyProtocolFrom = try options.value(of: OptionTable.proxyProtocolFrom)
        servesHTTP = try options.value(of: OptionTable.httpFacade)
        let httpPort = try options.value(of: OptionTable.httpPort)
        self.httpPort = httpPort == proxyPort && httpPort != 0 ? nil : httpPort
        listenerTLS = try ListenerTLSSettings(options)
        tlsReloadInterval = try options.value(of: OptionTable.tlsReloadInterval)

        let backing = try BackingSettings(options)
        backingAddress = backing.address
        backingTLS = backing.tls
        password = backing.password
        username = backing.username
        database = backing.database
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
        httpAllowedHosts = try options.value(of: OptionTable.httpAllowedHosts)
        clientAuthentication = try options.value(of: OptionTable.clientAuthentication)
        let idleTimeout = try options.value(of: OptionTable.clientIdleTimeout)
        respIdleTimeout = Self.unlessZero(idleTimeout ?? .zero)
        httpIdleTimeout = Self.unlessZero(idleTimeout ?? .seconds(60))
        keepAlive = Self.unlessZero(try options.value(of: OptionTable.keepAlive))

        adminHost = try options.value(of: OptionTable.adminHost)
        adminPort = try options.value(of: OptionTable.adminPort)
        adminTLS = try ListenerTLSSettings(ofAdminPort: options, clients: listenerTLS)
        shutdownTimeout = try options.value(of: OptionTable.shutdownTimeout)
        threads = try options.value(of: OptionTable.threads)
        logLevel = try options.value(of: OptionTable.logLevel)
    }

    private static func list(_ text: String) -> [String] {
        text.split(separator: ",").map(String.init)
    }

    private static func unlessZero(_ time: TimeAmount) -> TimeAmount? {
        time == .zero ? nil : time
    }
}
