import NIOCore
import Time

/// Where the backing Redis is, who we are there, and how long we wait.
public struct BackingConfiguration: Sendable {
    /// The server.
    public var address: BackingAddress
    /// The ACL user of the fill lane; nil = the default user.
    public var username: String?
    /// nil = the server is expected to let us in without.
    public var password: [UInt8]?
    /// The database that is cached.
    public var database: Int
    /// For a connection to stand, name look-up included.
    public var connectTimeout: TimeSpan
    /// How the sockets are set.
    public var tcp = TCPOptions(limitsUnacknowledged: true)
    /// For the reply to a fill.
    public var commandTimeout: TimeSpan
    /// A fill connection that has heard nothing for this long is asked for a `PING`.
    public var idleTimeout: TimeSpan
    /// A value longer than this, in bytes, never enters hiredis' reader and is not cached.
    public var maxValueSize: Int
    /// `MULTI`/`EXEC` around `GET` and `PTTL`, as long as no invalidation guards the pair.
    public var wrapsInTransaction: Bool
    /// After how long a fill connection is replaced that stood and was lost.
    public var replacementDelay: TimeSpan
    /// nil: the server is not asked to tell what changes.
    public var tracking: TrackingConfiguration?
    /// nil: the connections are not encrypted.
    public var tls: BackingTLS?

    /// A configuration with the proxy's own defaults.
    public init(
        address: BackingAddress, username: String? = nil, password: [UInt8]? = nil, database: Int = 0,
        connectTimeout: TimeSpan = .seconds(1), commandTimeout: TimeSpan = .seconds(10),
        idleTimeout: TimeSpan = .seconds(1), maxValueSize: Int = 8 << 20, wrapsInTransaction: Bool = true,
        replacementDelay: TimeSpan = .zero, tracking: TrackingConfiguration? = nil,
        tls: BackingTLS? = nil
    ) {
        self.address = address
        self.username = username
        self.password = password
        self.database = database
        self.connectTimeout = connectTimeout
        self.commandTimeout = commandTimeout
        self.idleTimeout = idleTimeout
        self.maxValueSize = maxValueSize
        self.wrapsInTransaction = wrapsInTransaction
        self.replacementDelay = replacementDelay
        self.tracking = tracking
        self.tls = tls
    }
}
