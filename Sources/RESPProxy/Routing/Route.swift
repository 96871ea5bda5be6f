import BackingClient
import LocalCache

/// Where a command of a session goes.
enum Route: Equatable, Sendable {
    /// Something about one key, through the local cache; that server owns it.
    case read(KeyRead, of: ServerID)
    /// `MGET`, through the local cache if it has all keys; otherwise relayed. That server owns them all.
    case multiGet(of: ServerID)
    /// To that server, on a connection that is shared or the session's own.
    case relay(RelayedCommand, to: ServerID)
    /// Nowhere yet: once something outstanding has been answered, ask again.
    case wait
    /// Redis hangs up without a word: protection against cross-protocol scripting.
    case hangUp
}
