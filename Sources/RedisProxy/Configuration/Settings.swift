import BackingClient
import Logging
import NIOCore
import RESPProxy

/// The whole configuration, checked.
struct Settings: Sendable {
    var proxyHost: String
    /// 0 = any free port.
    var proxyPort: Int
    /// The path of a Unix socket; nil = none.
    var proxySocket: String?
    var proxySocketMode: Int
    /// Who must begin with a header of the PROXY protocol.
    var proxyProtocolFrom: [AddressBlock]
    var servesHTTP: Bool
    /// nil = HTTP shares ``proxyPort``; 0 = any free port.
    var httpPort: Int?
    /// nil = clients speak plaintext only.
    var listenerTLS: ListenerTLSSettings?
    var tlsReloadInterval: TimeAmount

    var backingAddress: BackingAddress
    /// nil = not encrypted.
    var backingTLS: BackingTLSSettings?
    /// nil = the default user.
    var username: String?
    var password: Secret?
    var database: Int
    var connectTimeout: TimeAmount
    var commandTimeout: TimeAmount
    /// nil = the kernel asks nothing.
    var redisKeepAlive: TimeAmount?

    /// nil = entries do not die by age.
    var cacheExpiry: TimeAmount?
    /// Keys; 0 = no caching.
    var cacheCapacity: Int
    /// Bytes.
    var cacheMemoryLimit: Int
    /// Bytes.
    var cacheMaxValueSize: Int
    /// Percent of ``cacheExpiry``, at its end; 0 = not at all.
    var cacheRefreshAhead: Int
    /// nil = nothing stale is served.
    var cacheStaleIfError: TimeAmount?
    var coherence: CoherencePolicy
    var trackingHeartbeat: TimeAmount
    var negativeExpiry: TimeAmount
    var trackingKind: TrackingKind
    /// Empty = all keys.
    var cachePrefixes: [String]

    /// HTTP requests served at once.
    var maxClients: Int
    var maxConnections: Int
    var protectedMode: Bool
    /// Beside ``proxyHost``.
    var httpAllowedHosts: [String]
    var clientAuthentication: ClientAuthentication
    /// nil = never closed for being idle.
    var respIdleTimeout: TimeAmount?
    /// nil = never closed for being idle.
    var httpIdleTimeout: TimeAmount?
    /// nil = the kernel asks nothing.
    var keepAlive: TimeAmount?

    var adminHost: String
    /// nil = no admin server; 0 = any free port.
    var adminPort: Int?
    /// nil = the admin port speaks plaintext.
    var adminTLS: ListenerTLSSettings?
    var shutdownTimeout: TimeAmount
    var threads: Int
    var logLevel: Logger.Level
}
