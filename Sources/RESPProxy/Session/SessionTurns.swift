import NIOCore

/// The sessions of one event loop that have something to do at the end of its turn: one task for all of them.
///
/// What ends many fills at once, a read of the fill lane, wakes many sessions.
final class SessionTurns {
    private let eventLoop: any EventLoop
    private var due: [RESPSession] = []
    /// That of `due` in turn: its memory is used again.
    private var running: [RESPSession] = []

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Has ``RESPSession/takeTurn()`` called at the end of the turn.
    func schedule(_ session: RESPSession) {
        if due.isEmpty { eventLoop.assumeIsolated().execute { [self] in runAll() } }
        due.append(session)
    }

    private func runAll() {
        swap(&due, &running)
        for session in running { session.takeTurn() }
        running.removeAll(keepingCapacity: true)
    }
}
