import BackingClient
import LocalCache
import NIOCore
import Time

/// What may change while the proxy runs: see `ProxyLoops/apply(_:)`. All else of ``ProxyConfiguration`` holds from start to end.
public struct LiveSettings: Sendable, Equatable {
    /// How much is kept, and for how long. Whether anything is kept at all (`CacheConfiguration/capacity`) does not change.
    public var cache: CacheConfiguration
    /// `CACHE_NEGATIVE_EXPIRY_TIME`: for how long it is kept that a key is absent, where the server tells when it appears.
    public var absenceExpiry: TimeSpan
    /// `CACHE_PREFIXES`: only keys that begin with one of them are cached; empty = all.
    public var cachePrefixes: [[UInt8]]
    /// `PROTECTED_MODE`.
    public var protectedMode: Bool
    /// `CLIENT_IDLE_TIMEOUT` of RESP clients that connect from now on; nil = none.
    public var idleTimeout: TimeSpan?
    /// How the sockets of clients are set that connect from now on.
    public var clientTCP: TCPOptions

    /// All values are as checked by whoever read the options.
    public init(
        cache: CacheConfiguration, absenceExpiry: TimeSpan = .seconds(10), cachePrefixes: [[UInt8]] = [],
        protectedMode: Bool, idleTimeout: TimeSpan? = nil, clientTCP: TCPOptions = TCPOptions()
    ) {
        self.cache = cache
        self.absenceExpiry = absenceExpiry
        self.cachePrefixes = cachePrefixes
        self.protectedMode = protectedMode
        self.idleTimeout = idleTimeout
        self.clientTCP = clientTCP
    }
}
