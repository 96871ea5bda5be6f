import BackingClient
import NIOCore

/// A client whose certificate names a user is that user, on each connection to the server that its session has to itself. Until the server has let
/// it in, nothing of the client's goes to it, and nothing is answered from the cache.
extension RESPSession {
    /// Opens a connection of the session's own, as a new one of its client would be.
    func openOwnRelay() -> EventLoopFuture<OpenedRelay> {
        guard matcher.state.user == .ofCertificate, let user else { return loop.openRelay() }
        return loop.openRelay(as: user)
    }

    /// To be called with a connection that was opened for this session.
    func noteCertificateLogIn(_ connection: RelayConnection) {
        guard matcher.state.user == .ofCertificate, let user else { return }
        matcher.certificateLoggedIn(as: user.name)
        connection.isLoggedIn(true)
        loggedIn = MonotonicClock.now()
        loop.askAdmission?()
    }

    /// The connection was not opened: where the server does not let the user in the client is told so, and closed.
    func refusesCertificate(_ error: BackingError) -> Bool {
        guard matcher.state.user == .ofCertificate, let user, error.refusesUser else { return false }
        loop.logInWasRefused(to: user, error.message)
        relay = .none
        intake = .ended
        lastReply = ByteBuffer(bytes: [UInt8(ascii: "-")] + error.message + [0x0D, 0x0A])
        return true
    }

    /// Whether a new connection would be what the one is that the session has, where nothing was left on that.
    var isReplaceable: Bool {
        let state = matcher.state
        return state.isOfBeginningUser && state.version == .resp2 || loop.relayKey(of: state, in: pool) != nil
    }

    /// Whether such a command may make the session the server's default user without the proxy's seeing it: `RESET` where replies are not matched, or
    /// a line that may be any command.
    func mayLoseUser(by change: StateChange) -> Bool {
        switch change {
        case .unclear: true
        case .reset: matcher.state.matching == .unmatched
        default: false
        }
    }

    func refuseToLoseUser() {
        loop.logger.info("a client is closed whose command may have undone the log-in of its certificate's user")
        hangUp()
    }
}
