import LocalCache
import NIOCore
import RESPProxy
import Topology

/// The counters of all event loops and of the cache, gathered when asked for.
struct ProxyMetrics: Sendable {
    /// Each loop's own counters.
    let loops: [NIOLoopBound<LoopMetrics>]
    let cacheStatistics: @Sendable () -> CacheStatistics
    let coherence: @Sendable () -> CoherenceStatistics
    var tls: @Sendable () -> TLSStatistics = { TLSStatistics() }
    /// nil where no Sentinels keep the backing.
    var sentinel: @Sendable () -> SentinelStatistics? = { nil }
    /// Log records that were not written.
    let droppedLogRecords: @Sendable () -> UInt64

    /// The sum of all loops; each is read on its own loop.
    func sum() async throws -> LoopMetrics.Snapshot {
        // Asked all at once, so that the answer takes as long as the busiest loop and not as all together.
        let answers = loops.map { loop in loop.eventLoop.submit { loop.value.snapshot } }
        var sum = LoopMetrics.Snapshot()
        for answer in answers { sum.add(try await answer.get()) }
        return sum
    }

    /// What `/metrics` answers.
    func prometheusText() async throws -> String {
        MetricsPage.render(
            loops: try await sum(), cache: cacheStatistics(), coherence: coherence(), tls: tls(), sentinel: sentinel(),
            droppedLogRecords: droppedLogRecords())
    }
}
