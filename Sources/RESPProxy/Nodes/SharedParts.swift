import LocalCache
import Logging

/// What all event loops have in common.
struct SharedParts: Sendable {
    let configuration: ProxyConfiguration
    let cache: ValueCache
    let identifiers = ClientIdentifiers()
    /// Which of the servers owns a key.
    let map: ServerMap
    /// By their numbers.
    let servers: [Server]
    let allLoops: EventLoopTurns
    let logger: Logger

    subscript(server: ServerID) -> Server { servers[Int(server.number)] }
}
