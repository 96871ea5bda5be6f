import BackingClient
import NIOCore
import TransportSecurity

/// A client whose certificate names a user is that user, on each connection to the server that its session has to itself. Until the server has let
/// it in, nothing of the client's goes to it, and nothing is answered from the cache.
extension RESPSession {
    func certificateLoggedIn(as user: CertificateUser) {
        matcher.certificateLoggedIn(as: user.name)
        node.clientLoggedIn()
    }

    func certificateWasRefused(_ user: CertificateUser, _ error: BackingError) {
        loop.logInWasRefused(to: user, error.message)
        input.end()
        output.end(with: ByteBuffer(bytes: [UInt8(ascii: "-")] + error.message + [0x0D, 0x0A]))
    }

    /// Whether a new connection would be what the one is that the session has, where nothing was left on that.
    var isReplaceable: Bool {
        let state = matcher.state
        return state.isOfBeginningUser && state.version == .resp2 || attachment.key(for: state) != nil
    }

    /// Whether such a command may make the session the server's default user without the proxy's seeing it: `RESET` where replies are not matched, a
    /// line that may be any command, or one behind which nothing is read.
    func mayLoseUser(by change: StateChange) -> Bool {
        switch change {
        case .unclear, .synchronize: true
        case .reset: matcher.state.matching == .unmatched
        default: false
        }
    }

    /// Also where a `RESET` has been sent whose reply is not known: what follows it has not gone out yet, and nothing tells as whom it would be done.
    func refuseToLoseUser() {
        loop.logger.info("a client is closed that may have undone the log-in of its certificate's user")
        hangUp()
    }
}
