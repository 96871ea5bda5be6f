/// The user and the database whose values the cache holds, and which sessions may be given them (the option `CLIENT_AUTH`).
struct CacheAccess: Equatable, Sendable {
    /// The database that is cached.
    var database: Int
    /// The user that the fill lane logs in as; nil = it does not log in.
    var fillUser: [UInt8]?
    /// `CLIENT_AUTH=trust`: a new session is logged in as the fill lane's user.
    var trustsClients: Bool
    /// Whether a connection on which nobody logs in is the default user's. That is not certain where the proxy shows the server a certificate,
    /// from which the server may take the user (`tls-auth-clients-user`).
    var newIsDefaultUser = true

    /// The user that the server gives to a connection on which the client has not logged in.
    var newUser: [UInt8] { trustsClients ? fillUser ?? DefaultUser.name : DefaultUser.name }

    func includes(_ user: SessionState.User) -> Bool {
        switch user {
        case .new: fillUser == nil || trustsClients
        case .ofCertificate, .afterReset: false
        case .named(let name): name == fillUser ?? (newIsDefaultUser ? DefaultUser.name : nil)
        }
    }
}

extension SessionState {
    /// Whether Redis would give this session the value that the fill lane reads: the same database and user, and
    /// nothing that makes an answer from the cache wrong or out of place.
    @inline(__always)
    func mayBeAnsweredFromCache(access: CacheAccess) -> Bool {
        guard database == access.database, !inTransaction, !isWatching, !isTracked, !isUncertain, isProven,
            matching == .byReply, replies == .on
        else { return false }
        if version == .resp2 && isSubscribed { return false }
        return access.includes(user)
    }
}
