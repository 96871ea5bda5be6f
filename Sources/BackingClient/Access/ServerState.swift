/// What a server does not announce when it changes.
public struct ServerState: Hashable, Sendable {
    /// Which run of the server it is.
    public var runID: [UInt8]
    /// Whose data it has.
    public var replicationID: [UInt8]
    /// `master` or `slave`.
    public var role: [UInt8]
    /// How often each command was called that changes what nobody is told of: databases that are swapped, rules of who may do what.
    /// nil: never, as far as is known.
    public var unannouncedCalls: [[UInt8]?]
    /// Whether the fill user may `MGET` what it may `GET`.
    public var mayReadSeveral: Bool

    /// - Parameters:
    ///   - replies: the raw replies to `INFO` of the three sections.
    ///   - mayReadSeveral: whether `MGET` was not refused.
    init(replies: [[UInt8]], mayReadSeveral: Bool) {
        self.mayReadSeveral = mayReadSeveral
        let all = Array(replies.joined())
        self.runID = ServerInfo.field("run_id", in: all) ?? []
        self.replicationID = ServerInfo.field("master_replid", in: all) ?? []
        self.role = ServerInfo.field("role", in: all) ?? []
        self.unannouncedCalls = Self.unannounced.map { name in
            ServerInfo.field(name, in: all).map { Array($0.prefix { $0 != UInt8(ascii: ",") }) }
        }
    }

    /// Servers before Redis 7 count all of `ACL` together, questions included.
    private static let unannounced: [StaticString] = [
        "cmdstat_swapdb", "cmdstat_acl|setuser", "cmdstat_acl|deluser", "cmdstat_acl|load", "cmdstat_acl",
    ]
}
