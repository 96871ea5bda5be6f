import BackingClient
import NIOCore
import TransportSecurity

/// Where a session's connections to the backing come from: those that sessions share or have left, and new ones.
protocol RelaySource: AnyObject {
    /// That of sessions that begin now.
    var pool: RelayPool { get }
    /// What kind of connection would do for a session in that state; nil where only its own does.
    func relayKey(of session: SessionState, in pool: RelayPool) -> RelayKey?
    /// Opens a connection.
    ///
    /// - Parameters:
    ///   - key: nil: one as a new client would have it, for a session of which no other would do.
    ///   - user: whom the client's certificate names: that user is logged in on it, where `key` is nil.
    func openRelay(_ key: RelayKey?, as user: CertificateUser?) -> EventLoopFuture<OpenedRelay>
}
