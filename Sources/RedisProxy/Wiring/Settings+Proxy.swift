import BackingClient
import LocalCache
import RESPProxy

extension Settings {
    /// What the core is told.
    ///
    /// - Parameter maxConnections: As the descriptors allow.
    func proxyConfiguration(maxConnections: Int) -> ProxyConfiguration {
        let prefixes = cachePrefixes.map { Array($0.utf8) }
        let tracking = TrackingConfiguration(
            heartbeat: trackingHeartbeat, broadcastPrefixes: trackingKind == .broadcast ? prefixes : nil)
        return ProxyConfiguration(
            backing: BackingConfiguration(
                address: backingAddress, username: username, password: password?.reveal(), database: database,
                connectTimeout: connectTimeout, commandTimeout: commandTimeout, maxValueSize: cacheMaxValueSize,
                tracking: coherence == .expiry ? nil : tracking),
            cache: CacheConfiguration(
                capacity: cacheCapacity, expiry: cacheExpiry.map { UInt64(clamping: $0.nanoseconds) },
                memoryLimit: cacheMemoryLimit),
            trustsClients: clientAuthentication == .trust, protectedMode: protectedMode, maxConnections: maxConnections,
            idleTimeout: respIdleTimeout, coherence: coherence, absenceExpiry: negativeExpiry, cachePrefixes: prefixes)
    }
}
