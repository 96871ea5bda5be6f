import NIOCore
import RESPParser

/// What a session was told of itself is made certain: before it is answered from the cache, and before its connection is another's.
extension RESPSession {
    /// Asks the server what the session is, where that is in doubt and the answer makes a difference.
    func askForProof(now: UInt64) {
        guard let state = matcher.stateToProve, case .open(let connection) = relay, connection.isOpen, !inputHasEnded,
            intake == .commands,
            // Who is in MONITOR is not to see our question, and nobody is answered from the cache meanwhile.
            !loop.coherence.conditions.isMonitored,
            state.mayBeAnsweredFromCache(access: loop.access) || loop.relayKey(of: state, in: pool) != nil
        else { return }
        ask(matcher.question(newUser: loop.access.newUser), on: connection, now: now)
        connection.flush()
    }

    /// Sends a question of the proxy's own behind what the client has sent.
    func ask(_ question: OwnQuestion, on connection: RelayConnection, now: UInt64) {
        var bytes = ByteBuffer()
        question.encode(into: &bytes)
        matcher.ask(question, now: now)
        connection.write(bytes)
    }
}
