import BackingClient
import LocalCache
import NIOCore

/// How the proxy behaves; the options' meanings are those of the README's table.
public struct ProxyConfiguration: Sendable {
    /// The server behind the proxy.
    public var backing: BackingConfiguration
    /// How much is kept, and for how long.
    public var cache: CacheConfiguration
    /// `CLIENT_AUTH=trust`: everybody is let in as the fill lane's user.
    public var trustsClients: Bool
    /// `PROTECTED_MODE`.
    public var protectedMode: Bool
    /// `MAX_CONNECTIONS`.
    public var maxConnections: Int
    /// `CLIENT_IDLE_TIMEOUT` of RESP clients; nil = none.
    public var idleTimeout: TimeAmount?
    /// How the sockets of clients are set.
    public var clientTCP = TCPOptions()
    /// `PROXY_PROTOCOL_FROM`: who must say first for whom it has connected.
    public var proxyProtocolFrom: [AddressBlock] = []
    /// `CACHE_COHERENCE`; all but expiry needs ``BackingConfiguration/tracking``.
    public var coherence: CoherencePolicy
    /// `CACHE_NEGATIVE_EXPIRY_TIME`: for how long it is kept that a key is absent, where the server tells when it appears.
    public var absenceExpiry: TimeAmount
    /// `CACHE_PREFIXES`: only keys that begin with one of them are cached; empty = all.
    public var cachePrefixes: [[UInt8]]

    /// All values are as checked by whoever read the options.
    public init(
        backing: BackingConfiguration, cache: CacheConfiguration, trustsClients: Bool, protectedMode: Bool,
        maxConnections: Int, idleTimeout: TimeAmount?, coherence: CoherencePolicy = .expiry,
        absenceExpiry: TimeAmount = .seconds(10), cachePrefixes: [[UInt8]] = []
    ) {
        self.backing = backing
        self.cache = cache
        self.trustsClients = trustsClients
        self.protectedMode = protectedMode
        self.maxConnections = maxConnections
        self.idleTimeout = idleTimeout
        self.coherence = coherence
        self.absenceExpiry = absenceExpiry
        self.cachePrefixes = cachePrefixes
    }

    /// Whether clients must log in before the cache may answer them.
    public var requiresCredentials: Bool { !trustsClients && backing.password != nil }
}
