import NIOCore
import Time

/// How many clients are served, which, and for how long.
struct ClientSettings: Sendable {
    /// HTTP requests served at once.
    var maxClients: Int
    var maxConnections: Int
    var protectedMode: Bool
    /// Beside ``ListeningSettings/host``.
    var httpAllowedHosts: [String]
    var authentication: ClientAuthentication
    /// nil = never closed for being idle.
    var respIdleTimeout: TimeSpan?
    /// nil = never closed for being idle.
    var httpIdleTimeout: TimeSpan?
    /// nil = the kernel asks nothing.
    var keepAlive: TimeSpan?
}

extension ClientSettings {
    init(_ options: OptionReader) throws(ConfigurationError) {
        maxClients = try options.value(of: OptionTable.maxClients)
        maxConnections = try options.value(of: OptionTable.maxConnections)
        protectedMode = try options.value(of: OptionTable.protectedMode)
        httpAllowedHosts = try options.value(of: OptionTable.httpAllowedHosts)
        authentication = try options.value(of: OptionTable.clientAuthentication)
        let idleTimeout = try options.value(of: OptionTable.clientIdleTimeout)
        respIdleTimeout = (idleTimeout ?? .zero).unlessZero
        httpIdleTimeout = (idleTimeout ?? .seconds(60)).unlessZero
        keepAlive = try options.value(of: OptionTable.keepAlive).unlessZero
    }
}
