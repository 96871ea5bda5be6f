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
}
