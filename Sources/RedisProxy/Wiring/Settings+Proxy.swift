import BackingClient
import LocalCache
import RESPProxy

extension Settings {
    /// What the core is told.
    ///
    /// - Parameter maxConnections: As the descriptors allow.
    func proxyConfiguration(maxConnections: Int) -> ProxyConfiguration {
        ProxyConfiguration(
            backing: BackingConfiguration(
                address: backingAddress, username: username, password: password?.reveal(), database: database,
                connectTimeout: connectTimeout, commandTimeout: commandTimeout, maxValueSize: cacheMaxValueSize,
                wrapsInTransaction: coherence == .expiry),
            cache: CacheConfiguration(
                capacity: cacheCapacity, expiry: cacheExpiry.map { UInt64(clamping: $0.nanoseconds) },
                memoryLimit: cacheMemoryLimit),
            trustsClients: clientAuthentication == .trust, protectedMode: protectedMode, maxConnections: maxConnections,
            idleTimeout: respIdleTimeout)
    }
}
