/// What has been heard of changes since start.
public struct CoherenceStatistics: Equatable, Sendable {
    /// How changes are noticed now.
    public var mode = Coherence.Mode.none
    /// Keys that the server announced, in the cache or not.
    public var announcedKeys: UInt64 = 0
    /// Announcements that everything may have changed.
    public var announcedFlushes: UInt64 = 0
    /// Questions on the connection of the announcements that were answered, heartbeats included.
    public var barriers: UInt64 = 0
    /// How often that connection came up.
    public var feeds: UInt64 = 0
    /// Changes seen that the server does not announce.
    public var unannounced: UInt64 = 0

    /// Nothing has been heard yet.
    public init() {}

    /// Of several servers together: the counts of all, and how changes are noticed where that is done worst.
    init(of servers: [CoherenceStatistics]) {
        mode = Coherence.Mode.allCases.first { mode in servers.contains { $0.mode == mode } } ?? .none
        for server in servers {
            announcedKeys &+= server.announcedKeys
            announcedFlushes &+= server.announcedFlushes
            barriers &+= server.barriers
            feeds &+= server.feeds
            unannounced &+= server.unannounced
        }
    }
}
