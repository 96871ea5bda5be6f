import BackingClient
import Logging

/// What all event loops have in common.
struct SharedParts: Sendable {
    let configuration: ProxyConfiguration
    /// Opens the connections to the server.
    let connector: BackingConnector
    let cache: ValueCache
    let coherence: Coherence
    let identifiers = ClientIdentifiers()
    let monitor: ServerMonitorHandle
    let allLoops: EventLoopTurns
    let logger: Logger
}
