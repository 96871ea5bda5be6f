import RESPParser

/// What two connections to the backing in their default state must have in common so that a session can use either.
struct RelayKey: Hashable, Sendable {
    var version: RESPVersion
    /// Logged in as the fill lane's user; otherwise as a new client's connection is.
    var isFillUser: Bool
}

extension RelayKey {
    /// What kind of connection would do for a session as it is; nil where only its own does.
    ///
    /// - Parameter admitsAnonymous: Whether the server is known to let a client in that gives no password.
    init?(of state: SessionState, access: CacheAccess, admitsAnonymous: Bool) {
        guard state.isDefault else { return nil }
        version = state.version
        switch state.user {
        case .new where access.trustsClients && access.fillUser != nil:
            isFillUser = true
        case .ofCertificate, .afterReset:
            return nil
        case .named(let name) where access.fillUser != nil:
            guard name == access.fillUser else { return nil }
            isFillUser = true
        case .new:
            guard admitsAnonymous else { return nil }
            isFillUser = false
        case .named(let name):
            guard admitsAnonymous, access.newIsDefaultUser, name == DefaultUser.name else { return nil }
            isFillUser = false
        }
    }
}
