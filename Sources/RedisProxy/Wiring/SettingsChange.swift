import HTTPFacade
import Logging
import NIOCore
import RESPProxy

/// Has other settings take effect while the proxy runs: those whose options may change, see ``OptionChange``.
struct SettingsChange {
    let loops: ProxyLoops
    let connectionLimit: ConnectionLimit
    let httpLimiter: HTTPLimiter
    let logger: Logger

    /// - Parameter maxConnections: As the descriptors allow.
    func apply(_ settings: Settings, maxConnections: Int) -> EventLoopFuture<Void> {
        connectionLimit.change(to: maxConnections)
        httpLimiter.change(to: settings.clients.maxClients)
        let http = HTTPWiring(settings: settings, logger: logger).configuration
        return loops.apply(settings.liveSettings) { side in (side as? HTTPConnections)?.apply(http) }
    }
}
