import BackingClient
import NIOCore

/// Asks the server for what it does not announce: which server it is, in which role, whether databases were swapped, and whether
/// those are still let in whom it let in before. Each time on new connections: what a new session may do is not to be told from one
/// that was opened long ago.
final class ServerWatch {
    struct Finding {
        /// Something is not as it was at the last look.
        var hasChanged: Bool
        var admitsAnonymous: Bool
    }

    private let connector: BackingConnector
    private let eventLoop: any EventLoop
    private var last: (ServerState, Bool)?

    init(connector: BackingConnector, eventLoop: any EventLoop) {
        self.connector = connector
        self.eventLoop = eventLoop
    }

    /// Fails where the server cannot be asked, or no longer lets the fill user in.
    func look() -> EventLoopFuture<Finding> {
        let state = connector.readServerState(on: eventLoop)
        let access = connector.checkAccess(nil, on: eventLoop)
        return state.and(access).assumeIsolated().map { [self] state, access in
            let seen = (state, access == .granted)
            let hasChanged = last.map { $0 != seen } ?? false
            last = seen
            return Finding(hasChanged: hasChanged, admitsAnonymous: seen.1)
        }.nonisolated()
    }
}
