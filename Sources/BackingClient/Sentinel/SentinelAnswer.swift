/// What a Sentinel answers about a primary.
public enum SentinelAnswer: Hashable, Sendable {
    /// More Sentinels of one primary than these are not listened to.
    public static let mostSentinels = 32

    /// - Parameters:
    ///   - address: where the primary is, as announced; while the Sentinel itself leads a failover, that of the replica that was promoted.
    ///   - epoch: of the configuration: of two answers the one with the higher is the newer.
    ///   - others: the other Sentinels that it knows.
    case primary(address: BackingAddress, epoch: UInt64, others: [BackingAddress])
    /// It keeps no primary by that name.
    case unknownName
    /// It is no Sentinel.
    case notSentinel
}
