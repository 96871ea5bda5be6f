import LocalCache
import NIOCore
import NIOPosix
import RESPProxy
import Testing

@testable import RedisProxy

@Suite struct ProxyMetricsTests {
    @Test("the counters of all loops are summed, each read on its own loop")
    func sum() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        var loops: [NIOLoopBound<LoopMetrics>] = []
        for eventLoop in [group.next(), group.next()] {
            let loop = try await eventLoop.submit {
                let metrics = LoopMetrics()
                metrics.connectionOpened()
                metrics.connectionIdentified(as: .http)
                metrics.connectionOpened()
                metrics.connectionRefused(.maxConnections)
                metrics.requestsEnded(.http, .miss, .timedOut, count: 3, took: .nanoseconds(10_000))
                metrics.tooManyRequests()
                metrics.fillLaneChanged(isUp: true)
                return NIOLoopBound(metrics, eventLoop: eventLoop)
            }.get()
            loops.append(loop)
        }
        let metrics = ProxyMetrics(
            loops: loops, cacheStatistics: { CacheStatistics() }, coherence: { CoherenceStatistics() },
            droppedLogRecords: { 0 })
        let sum = try await metrics.sum()
        #expect(sum.connections(.http) == 2)
        #expect(sum.connections(.undetermined) == 2)
        #expect(sum.connectionsAccepted == 4)
        #expect(sum.connectionsRefused(.maxConnections) == 2)
        #expect(sum.connectionsRefused(.protectedMode) == 0)
        #expect(sum.requests(.http, .miss, .timedOut) == 6)
        #expect(sum.durations(.miss).counts.first == 6)
        #expect(sum.durations(.miss).sumNanoseconds == 60_000)
        #expect(sum.tooManyRequests == 2)
        #expect(sum.fillLanesUp == 2)
        #expect(try await metrics.prometheusText().contains("redis_proxy_connections{protocol=\"http\"} 2\n"))
        try await group.shutdownGracefully()
    }

    @Test("every combination of protocol, kind and outcome has a counter of its own")
    func combinations() {
        let metrics = LoopMetrics()
        var count: UInt64 = 0
        for wireProtocol in LoopMetrics.WireProtocol.allCases {
            for kind in LoopMetrics.Kind.allCases {
                for outcome in LoopMetrics.Outcome.allCases {
                    count += 1
                    metrics.requestsEnded(wireProtocol, kind, outcome, count: count, took: nil)
                }
            }
        }
        var expected: UInt64 = 0
        for wireProtocol in LoopMetrics.WireProtocol.allCases {
            for kind in LoopMetrics.Kind.allCases {
                for outcome in LoopMetrics.Outcome.allCases {
                    expected += 1
                    #expect(metrics.snapshot.requests(wireProtocol, kind, outcome) == expected)
                }
            }
        }
    }

    @Test("a closed connection is not counted as open any more")
    func closed() {
        let metrics = LoopMetrics()
        metrics.connectionOpened()
        metrics.connectionIdentified(as: .resp)
        metrics.connectionClosed(.resp)
        metrics.connectionOpened()
        metrics.connectionClosed(.undetermined)
        #expect(LoopMetrics.WireProtocol.allCases.map { metrics.snapshot.connections($0) } == [0, 0, 0])
        #expect(metrics.snapshot.connectionsAccepted == 2)
    }

    @Test(
        "a time falls into the first bucket whose bound it does not exceed",
        arguments: [
            (0, 0), (10_000, 0), (10_001, 1), (1_000_000, 6), (10_000_000_000, 18), (10_000_000_001, 19),
            (Int64.max, 19),
        ])
    func buckets(nanoseconds: Int64, bucket: Int) {
        var histogram = LatencyHistogram()
        histogram.record(.nanoseconds(nanoseconds))
        #expect(histogram.counts.firstIndex(of: 1) == bucket)
        #expect(histogram.counts.count == 20)
    }

    @Test("requests that the proxy answers itself have no histogram")
    func local() {
        let metrics = LoopMetrics()
        metrics.requestsEnded(.resp, .local, .error, took: .nanoseconds(5))
        #expect(metrics.snapshot.durations(.local) == LatencyHistogram())
        #expect(metrics.snapshot.requests(.resp, .local, .error) == 1)
    }
}
