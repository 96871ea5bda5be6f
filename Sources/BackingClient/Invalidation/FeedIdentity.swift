/// Which invalidation feed it is that stands.
public struct FeedIdentity: Hashable, Sendable {
    /// The client id to which fill connections redirect.
    public var redirectID: Int64
    /// The run of the server that gave the id: ids start over with the server, and a wrong one is accepted silently.
    public var runID: [UInt8]
    /// Counts the feeds of this process, from 1.
    public var generation: UInt64

    /// A feed that stands.
    public init(redirectID: Int64, runID: [UInt8], generation: UInt64) {
        self.redirectID = redirectID
        self.runID = runID
        self.generation = generation
    }
}
