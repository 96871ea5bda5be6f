import RESPParser

/// What the server has confirmed about a session, and by it whether the cache may answer.
struct SessionState: Equatable, Sendable {
    /// The user whose rights a session has, as far as the proxy can know it.
    enum User: Equatable, Sendable {
        /// As a new connection is: the server's default user, if it lets one in without a password.
        case new
        /// Nobody yet: the session's next connection is logged in as the user whom the client's certificate names.
        case ofCertificate
        /// The default user, who is not the one that a new connection has (``CacheAccess/newIsDefaultUser``), if the server lets one in
        /// without a password.
        case afterReset
        case named([UInt8])

        /// - Parameter new: The user that the server gives to a new connection.
        func name(ofNew new: [UInt8]) -> [UInt8] {
            switch self {
            case .new: new
            case .ofCertificate: []
            case .afterReset: DefaultUser.name
            case .named(let name): name
            }
        }
    }

    /// Whether the replies of the session's own connection can be matched to its commands.
    enum ReplyMatching: Equatable, Sendable {
        /// Each reply is matched to its command.
        case byReply
        /// `MONITOR`: the server sends lines of its own accord, until `RESET` is answered.
        case monitoring
        /// It is not known how many replies come (``ClientReplyRewrite/silence``): they are passed on unmatched.
        case unmatched
        /// `SYNC`: neither side speaks commands and replies any more.
        case tunnel
    }

    /// What `CLIENT REPLY` has made of the replies.
    enum Replies: Equatable, Sendable {
        case on
        /// The next command has none.
        case skipsNext
        case off
    }

    var version: RESPVersion = .resp2
    var database = 0
    var user: User
    private let beginsByCertificate: Bool
    private let newIsDefaultUser: Bool
    var inTransaction = false
    /// What the open transaction has queued.
    var queued = QueuedTransaction()
    var isWatching = false
    /// Channels, patterns and shard channels subscribed to.
    var channels = 0
    var patterns = 0
    var shardChannels = 0
    /// `CLIENT TRACKING` of the client's own: it wants the server to remember its reads.
    var isTracked = false
    /// A command succeeded whose effect on the session is not known: everything is relayed until `RESET`, or for good where `RESET` may not
    /// undo it.
    var isUncertain = false
    /// Its connection has something that only it has and that leaves the cache as it is (a name, a client id that was asked for): the
    /// session keeps it, until `RESET`.
    var isPinned = false
    /// What its connection will have for as long as it stands: no other session is given it then.
    private(set) var lasting: LastingEffect = .nothing
    /// False from when a command goes out that changes the session until the server has been asked what came of it (``ReplyProof``).
    var isProven = true
    var matching: ReplyMatching = .byReply
    var replies: Replies = .on

    /// A session on which nothing was done yet.
    ///
    /// - Parameters:
    ///   - byCertificate: Whether it is to be logged in as the user whom the client's certificate names.
    ///   - newIsDefaultUser: ``CacheAccess/newIsDefaultUser``.
    init(byCertificate: Bool = false, newIsDefaultUser: Bool = true) {
        beginsByCertificate = byCertificate
        self.newIsDefaultUser = newIsDefaultUser
        user = byCertificate ? .ofCertificate : .new
    }

    /// What it was when nothing was done on it yet.
    var beginning: SessionState {
        SessionState(byCertificate: beginsByCertificate, newIsDefaultUser: newIsDefaultUser)
    }

    /// Whether nobody has logged in on it, neither the client nor the proxy for it.
    var isOfBeginningUser: Bool { user == (beginsByCertificate ? .ofCertificate : .new) }

    /// Whether any connection of the same version and user would do as well as the one that the session has.
    var isDefault: Bool {
        database == 0 && !inTransaction && !isWatching && channels == 0 && patterns == 0 && shardChannels == 0
            && !isTracked && !isUncertain && !isPinned && isProven && lasting == .nothing && matching == .byReply
            && replies == .on
    }

    /// Something has been left on its connection.
    mutating func leave(_ lasting: LastingEffect) {
        self.lasting = max(self.lasting, lasting)
        if lasting == .unknown { isUncertain = true }
    }

    /// What `RESET` makes of it, on the connection that it has.
    mutating func reset() {
        let lasting = lasting
        self = beginning
        if user == .new, !newIsDefaultUser { user = .afterReset }
        leave(lasting)
    }

    /// Whether it is known which commands have been answered.
    var matchesReplies: Bool { matching == .byReply }

    var isSubscribed: Bool { channels + patterns + shardChannels > 0 }

    /// Whether it is certain that nobody has logged in.
    var hasNotLoggedIn: Bool { (user == .new || user == .afterReset) && !isUncertain && matching == .byReply }
}
