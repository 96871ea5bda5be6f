import BackingClient
import NIOCore

/// How the proxy behaves; the options' meanings are those of docs/configuration.md.
public struct ProxyConfiguration: Sendable {
    /// The server behind the proxy.
    public var backing: BackingConfiguration
    /// `CLIENT_AUTH=trust`: everybody is let in as the fill lane's user.
    public var trustsClients: Bool
    /// `PROXY_PROTOCOL_FROM`: who must say first for whom it has connected.
    public var proxyProtocolFrom: [AddressBlock] = []
    /// `CACHE_COHERENCE`; all but expiry needs `BackingConfiguration/tracking`.
    public var coherence: CoherencePolicy
    /// As they are at start.
    public var live: LiveSettings

    /// All values are as checked by whoever read the options.
    public init(
        backing: BackingConfiguration, trustsClients: Bool = false, coherence: CoherencePolicy = .expiry,
        live: LiveSettings
    ) {
        self.backing = backing
        self.trustsClients = trustsClients
        self.coherence = coherence
        self.live = live
    }
}
