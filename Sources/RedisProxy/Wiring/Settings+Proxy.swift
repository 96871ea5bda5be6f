import BackingClient
import LocalCache
import RESPProxy
import Time
import Topology

extension Settings {
    /// What the core is told at start.
    ///
    /// - Parameter tls: As its files say.
    func proxyConfiguration(tls: BackingTLS?) -> ProxyConfiguration {
        // Where nothing is kept, nothing needs to be heard.
        let coherence = cache.capacity == 0 ? CoherencePolicy.expiry : cache.coherence
        var configuration = ProxyConfiguration(
            backing: backingConfiguration(coherence, tls: tls), trustsClients: clients.authentication == .trust,
            coherence: coherence, live: liveSettings)
        configuration.proxyProtocolFrom = listening.proxyProtocolFrom
        return configuration
    }

    private func backingConfiguration(_ coherence: CoherencePolicy, tls: BackingTLS?) -> BackingConfiguration {
        let tracking = TrackingConfiguration(
            heartbeat: cache.trackingHeartbeat,
            broadcastPrefixes: cache.trackingKind == .broadcast ? cache.prefixes.map { Array($0.utf8) } : nil)
        var configuration = BackingConfiguration(
            address: backing.address, username: backing.username, password: backing.password?.reveal(),
            database: backing.database, connectTimeout: backing.connectTimeout,
            commandTimeout: backing.commandTimeout, maxValueSize: cache.maxValueSize,
            // Nobody waits for a lane through which nothing is read.
            replacementDelay: cache.capacity == 0 ? .milliseconds(500) : .zero,
            tracking: coherence == .expiry ? nil : tracking,
            // No option says where the servers are, but one says where they are instead.
            tls: backing.sentinel == nil
                ? tls
                : tls?.named(isOn: OptionTable.redisTLS.environment, port: OptionTable.redisAddressMap.environment))
        configuration.tcp = TCPOptions(keepAlive: backing.keepAlive, limitsUnacknowledged: true)
        return configuration
    }

    /// Whom to ask where the backing is; nil where it is always in one place.
    ///
    /// - Parameter tls: As its files say, which are those for the servers, too.
    func sentinelConfiguration(tls: BackingTLS?) -> SentinelConfiguration? {
        guard let sentinel = backing.sentinel else { return nil }
        var connection = BackingConfiguration(
            address: .primary(name: sentinel.name), username: sentinel.username, password: sentinel.password?.reveal(),
            connectTimeout: backing.connectTimeout,
            tls: sentinel.tls == nil
                ? nil
                : tls?.named(
                    isOn: OptionTable.redisSentinelTLS.environment, port: OptionTable.redisSentinels.environment))
        connection.tcp = TCPOptions(keepAlive: backing.keepAlive, limitsUnacknowledged: true)
        return SentinelConfiguration(
            sentinels: sentinel.sentinels, name: sentinel.name, connection: connection,
            addresses: Dictionary(
                sentinel.addresses.map { ($0.announced, $0.actual) }, uniquingKeysWith: { first, _ in first }),
            heartbeat: cache.trackingHeartbeat)
    }

    /// What the core is told at start, and may be told anew.
    var liveSettings: LiveSettings {
        // The last part of the life that an entry has by its age: what ends by the key's own time to live would come back the same.
        let refreshAge = cache.refreshAhead == 0 ? nil : cache.expiry.map { $0 / 100 * Int64(100 - cache.refreshAhead) }
        return LiveSettings(
            cache: CacheConfiguration(
                capacity: cache.capacity, expiry: cache.expiry, memoryLimit: cache.memoryLimit, refreshAge: refreshAge,
                staleAge: cache.staleIfError),
            absenceExpiry: cache.negativeExpiry, cachePrefixes: cache.prefixes.map { Array($0.utf8) },
            protectedMode: clients.protectedMode, idleTimeout: clients.respIdleTimeout,
            clientTCP: TCPOptions(keepAlive: clients.keepAlive))
    }
}
