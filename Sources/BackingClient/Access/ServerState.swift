/// What a server does not announce when it changes.
public struct ServerState: Hashable, Sendable {
    /// Which run of the server it is.
    public var runID: [UInt8]
    /// Whose data it has.
    public var replicationID: [UInt8]
    /// `master` or `slave`.
    public var role: [UInt8]
    /// `INFO commandstats` of `SWAPDB`; nil where there is none.
    public var swaps: [UInt8]?
    /// Whether the fill user may `MGET` what it may `GET`.
    public var mayReadTogether: Bool

    /// - Parameters:
    ///   - replies: the raw replies to `INFO` of the three sections.
    ///   - mayReadTogether: whether `MGET` was not refused.
    init(replies: [[UInt8]], mayReadTogether: Bool) {
        self.mayReadTogether = mayReadTogether
        let all = Array(replies.joined())
        self.runID = ServerInfo.field("run_id", in: all) ?? []
        self.replicationID = ServerInfo.field("master_replid", in: all) ?? []
        self.role = ServerInfo.field("role", in: all) ?? []
        self.swaps = ServerInfo.field("cmdstat_swapdb", in: all).map { Array($0.prefix { $0 != UInt8(ascii: ",") }) }
    }
}
