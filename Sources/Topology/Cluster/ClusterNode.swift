import BackingClient

/// A node of a cluster, as one node of it describes it in its answer to `CLUSTER NODES`.
public struct ClusterNode: Equatable, Sendable {
    /// What a node does in its cluster.
    public enum Role: Equatable, Sendable {
        case primary
        /// nil: whoever answered has not heard yet of whom.
        case replica(of: ClusterNodeID?)
        /// It has just been met, or is known by its address only.
        case undetermined
    }

    /// A slot on its way between this node and another, key by key.
    public struct Move: Equatable, Sendable {
        /// Which.
        public var slot: HashSlot
        /// Where its other part is.
        public var other: ClusterNodeID
    }

    /// Its name.
    public var id: ClusterNodeID
    /// Where it is; nil: its address is not known to whoever answered, or it is that node itself.
    public var address: BackingAddress?
    /// The name that it announces; whether clients are to use it in place of the address is the cluster's to say.
    public var hostname: String?
    /// It is the node that answered.
    public var isMyself: Bool
    /// Others cannot reach it, as far as is known there (`fail?` and `fail`).
    public var isFailing: Bool
    /// What it does.
    public var role: Role
    /// The higher it is, the newer is what it claims.
    public var configEpoch: UInt64
    /// The slots that it owns, by their numbers.
    public var slots: [ClosedRange<Int>]
    /// Those of its own that are leaving. Only a node itself tells that.
    public var migrating: [Move]
    /// Those of another that are coming.
    public var importing: [Move]
}
