import BackingClient
import LocalCache
import RESPProxy

extension Settings {
    /// What the core is told.
    ///
    /// - Parameters:
    ///   - maxConnections: As the descriptors allow.
    ///   - tls: As its files say.
    func proxyConfiguration(maxConnections: Int, tls: BackingTLS?) -> ProxyConfiguration {
        // Where nothing is kept, nothing needs to be heard.
        let coherence = cacheCapacity == 0 ? CoherencePolicy.expiry : coherence
        let expiry = cacheExpiry.map { UInt64(clamping: $0.nanoseconds) }
        // The last part of the life that an entry has by its age: what ends by the key's own time to live would come back the same.
        let refreshAge = cacheRefreshAhead == 0 ? nil : expiry.map { $0 - $0 / 100 * UInt64(cacheRefreshAhead) }
        let prefixes = cachePrefixes.map { Array($0.utf8) }
        let tracking = TrackingConfiguration(
            heartbeat: trackingHeartbeat, broadcastPrefixes: trackingKind == .broadcast ? prefixes : nil)
        var configuration = ProxyConfiguration(
            backing: BackingConfiguration(
                address: backingAddress, username: username, password: password?.reveal(), database: database,
                connectTimeout: connectTimeout, commandTimeout: commandTimeout, maxValueSize: cacheMaxValueSize,
                // Nobody waits for a lane through which nothing is read.
                replacementDelay: cacheCapacity == 0 ? .milliseconds(500) : .zero,
                tracking: coherence == .expiry ? nil : tracking, tls: tls),
            cache: CacheConfiguration(
                capacity: cacheCapacity, expiry: expiry, memoryLimit: cacheMemoryLimit, refreshAge: refreshAge,
                staleAge: cacheStaleIfError.map { UInt64(clamping: $0.nanoseconds) }),
            trustsClients: clientAuthentication == .trust, protectedMode: protectedMode, maxConnections: maxConnections,
            idleTimeout: respIdleTimeout, coherence: coherence, absenceExpiry: negativeExpiry, cachePrefixes: prefixes)
        configuration.proxyProtocolFrom = proxyProtocolFrom
        configuration.clientTCP = TCPOptions(keepAlive: keepAlive)
        configuration.backing.tcp = TCPOptions(keepAlive: redisKeepAlive, limitsUnacknowledged: true)
        return configuration
    }
}
