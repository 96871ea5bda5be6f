import BackingClient

/// Where a command of a session goes.
enum Route: Equatable, Sendable {
    /// Something about one key, through the local cache.
    case read(KeyRead)
    /// `MGET`, through the local cache if it has all keys; otherwise relayed.
    case multiGet
    /// To the backing, on a connection that is shared or the session's own.
    case relay(RelayedCommand)
    /// Nowhere yet: once something outstanding has been answered, ask again.
    case wait
    /// Redis hangs up without a word: protection against cross-protocol scripting.
    case hangUp
}
