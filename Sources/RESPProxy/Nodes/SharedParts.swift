import Logging

/// What all event loops have in common.
struct SharedParts: Sendable {
    let configuration: ProxyConfiguration
    let cache: ValueCache
    let identifiers = ClientIdentifiers()
    let topology: Topology
    /// By their numbers.
    let servers: [Server]
    let allLoops: EventLoopTurns
    let logger: Logger
}
