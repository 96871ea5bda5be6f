import BackingClient
import LocalCache

/// What the whole process has of one server.
struct Server: Sendable {
    let id: ServerID
    /// Opens the connections to it.
    let connector: BackingConnector
    /// Whether what the cache has of it may be believed.
    let coherence: Coherence
    let monitor: ServerMonitorHandle
}
