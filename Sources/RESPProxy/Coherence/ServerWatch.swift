import BackingClient
import NIOCore

/// Asks the server for what it does not announce: which server it is, in which role, whether databases were swapped or the rules of
/// who may do what were changed, and whether those are still let in whom it let in before. Each time on new connections: what a new
/// session may do is not to be told from one that was opened long ago.
final class ServerWatch {
    private let connector: BackingConnector
    private let eventLoop: any EventLoop
    private let authProbe: AuthProbe
    private var last: (ServerState, Bool)?

    init(connector: BackingConnector, eventLoop: any EventLoop, authProbe: AuthProbe) {
        self.connector = connector
        self.eventLoop = eventLoop
        self.authProbe = authProbe
    }

    /// Whether the fill user may `MGET`, as of the last look.
    var mayReadSeveral: Bool { last?.0.mayReadSeveral ?? false }

    /// Whether something is not as it was at the last look. Fails where the server cannot be asked, or no longer lets the fill user in.
    func look() -> EventLoopFuture<Bool> {
        let state = connector.readServerState(on: eventLoop)
        return state.and(authProbe.ask()).assumeIsolated().map { [self] state, isGranted in
            let seen = (state, isGranted)
            let hasChanged = last.map { $0 != seen } ?? false
            last = seen
            return hasChanged
        }.nonisolated()
    }
}
