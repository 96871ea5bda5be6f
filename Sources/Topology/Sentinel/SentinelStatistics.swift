import BackingClient
import Synchronization

/// What is known of the primary, for those who watch.
public struct SentinelStatistics: Sendable {
    /// As it was announced; nil while there is none.
    public var primary: BackingAddress?
    /// Since when, in seconds since 1970.
    public var since = 0
    /// How often another server became the primary than the one before.
    public var changes: UInt64 = 0
    /// Why there is none.
    public var absence: Absence?
    /// Sentinels that are known.
    public var known = 0
    /// Those that are heard.
    public var up = 0

    /// Nothing is known.
    public init() {}
}

/// Where that is written down, for any thread to read.
public final class SentinelBoard: Sendable {
    private let current = Mutex(SentinelStatistics())

    /// Nothing is known.
    public init() {}

    /// What is known now.
    public var statistics: SentinelStatistics { current.withLock { $0 } }

    func update<Result: Sendable>(_ change: (inout sending SentinelStatistics) -> sending Result) -> Result {
        current.withLock { change(&$0) }
    }
}
