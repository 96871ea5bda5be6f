import LocalCache
import RESPProxy
import Testing
import Topology

@testable import RedisProxy

@Suite struct MetricsPageTests {
    private func page() -> String {
        var cache = CacheStatistics()
        cache.hits = 1
        cache.misses = 2
        cache.coalesced = 3
        cache.expired = 4
        cache.evicted = 5
        cache.invalidated = 6
        cache.voided = 7
        cache.entries = 8
        cache.bytes = 9
        let metrics = LoopMetrics()
        metrics.fillLaneChanged(isUp: true)
        for _ in 1...3 { metrics.connectionOpened() }
        for _ in 1...2 { metrics.connectionFailed() }
        for _ in 1...2 { metrics.headerFailed(.version1) }
        metrics.connectionIdentified(as: .resp)
        metrics.connectionIdentified(as: .http)
        metrics.connectionRefused(.protectedMode)
        metrics.tooManyRequests()
        metrics.requestsEnded(.resp, .hit, .ok, count: 16, took: .nanoseconds(10_000))
        metrics.requestsEnded(.resp, .hit, .ok, took: .nanoseconds(60_000_000_000))
        metrics.requestsEnded(.http, .miss, .unavailable, took: nil)
        var coherence = CoherenceStatistics()
        coherence.mode = .tracking
        coherence.announcedKeys = 10
        coherence.announcedFlushes = 11
        coherence.barriers = 12
        coherence.feeds = 13
        coherence.unannounced = 14
        return MetricsPage.render(loops: metrics.snapshot, cache: cache, coherence: coherence, droppedLogRecords: 3)
    }

    @Test("the primary that Sentinels keep: which, since when, and how often it was another; nothing without Sentinels")
    func sentinel() {
        #expect(!page().contains("redis_proxy_topology"))
        var sentinel = SentinelStatistics()
        func text() -> String {
            MetricsPage.render(
                loops: LoopMetrics().snapshot, cache: CacheStatistics(), coherence: CoherenceStatistics(),
                sentinel: sentinel,
                droppedLogRecords: 0)
        }
        (sentinel.changes, sentinel.known, sentinel.up) = (3, 5, 4)
        #expect(text().contains("redis_proxy_topology_changes_total 3\n"))
        #expect(text().contains("redis_proxy_sentinels_known 5\n"))
        #expect(text().contains("redis_proxy_sentinels_up 4\n"))
        #expect(!text().contains("redis_proxy_primary_since_seconds{"))
        (sentinel.primary, sentinel.since) = (.tcp(host: "::1", port: 6379), 1_700_000_000)
        #expect(text().contains(#"redis_proxy_primary_since_seconds{address="[::1]:6379"} 1700000000"#))
    }

    @Test("the page up to the requests is what Prometheus expects, line by line")
    func golden() throws {
        let page = page()
        let end = try #require(page.range(of: "# HELP redis_proxy_requests_total"))
        #expect(
            String(page[..<end.lowerBound]) == """
                # HELP redis_proxy_info What runs here; always 1.
                # TYPE redis_proxy_info gauge
                redis_proxy_info{version="0.1.0",coherence="tracking"} 1
                # HELP redis_proxy_backing_up Whether the backing Redis answers: 1 yes, 0 no.
                # TYPE redis_proxy_backing_up gauge
                redis_proxy_backing_up 1
                # HELP redis_proxy_fill_lanes_up Connections to the backing that read values and are up.
                # TYPE redis_proxy_fill_lanes_up gauge
                redis_proxy_fill_lanes_up 1
                # HELP redis_proxy_cache_hits_total Look-ups answered from the cache.
                # TYPE redis_proxy_cache_hits_total counter
                redis_proxy_cache_hits_total 1
                # HELP redis_proxy_cache_misses_total Look-ups that began a fetch.
                # TYPE redis_proxy_cache_misses_total counter
                redis_proxy_cache_misses_total 2
                # HELP redis_proxy_cache_coalesced_total Look-ups that joined a fetch under way.
                # TYPE redis_proxy_cache_coalesced_total counter
                redis_proxy_cache_coalesced_total 3
                # HELP redis_proxy_cache_expired_total Entries dropped because their time was over.
                # TYPE redis_proxy_cache_expired_total counter
                redis_proxy_cache_expired_total 4
                # HELP redis_proxy_cache_evicted_total Entries dropped to make room.
                # TYPE redis_proxy_cache_evicted_total counter
                redis_proxy_cache_evicted_total 5
                # HELP redis_proxy_cache_invalidated_total Entries dropped because of a change, a write or a flush.
                # TYPE redis_proxy_cache_invalidated_total counter
                redis_proxy_cache_invalidated_total 6
                # HELP redis_proxy_cache_refreshed_total Fetches begun because an entry was read near its end.
                # TYPE redis_proxy_cache_refreshed_total counter
                redis_proxy_cache_refreshed_total 0
                # HELP redis_proxy_cache_voided_total Fetched values not kept because something changed meanwhile.
                # TYPE redis_proxy_cache_voided_total counter
                redis_proxy_cache_voided_total 7
                # HELP redis_proxy_cache_entries Keys in the cache.
                # TYPE redis_proxy_cache_entries gauge
                redis_proxy_cache_entries 8
                # HELP redis_proxy_cache_bytes Bytes counted for keys, values and overhead.
                # TYPE redis_proxy_cache_bytes gauge
                redis_proxy_cache_bytes 9
                # HELP redis_proxy_tracking Whether the backing announces changes, and has been heard lately: 1 yes, 0 no.
                # TYPE redis_proxy_tracking gauge
                redis_proxy_tracking 1
                # HELP redis_proxy_tracking_announced_keys_total Changed keys that the backing announced, cached or not.
                # TYPE redis_proxy_tracking_announced_keys_total counter
                redis_proxy_tracking_announced_keys_total 10
                # HELP redis_proxy_tracking_announced_flushes_total Announcements of the backing that everything may have changed.
                # TYPE redis_proxy_tracking_announced_flushes_total counter
                redis_proxy_tracking_announced_flushes_total 11
                # HELP redis_proxy_tracking_barriers_total Questions answered on the connection of the announcements.
                # TYPE redis_proxy_tracking_barriers_total counter
                redis_proxy_tracking_barriers_total 12
                # HELP redis_proxy_tracking_feeds_total Connections of the announcements that came up.
                # TYPE redis_proxy_tracking_feeds_total counter
                redis_proxy_tracking_feeds_total 13
                # HELP redis_proxy_tracking_unannounced_total Changes noticed that the backing does not announce.
                # TYPE redis_proxy_tracking_unannounced_total counter
                redis_proxy_tracking_unannounced_total 14
                # HELP redis_proxy_connections Client connections open.
                # TYPE redis_proxy_connections gauge
                redis_proxy_connections{protocol="resp"} 1
                redis_proxy_connections{protocol="http"} 1
                redis_proxy_connections{protocol="undetermined"} 1
                # HELP redis_proxy_sessions_without_client RESP sessions whose client is gone, kept until the backing has done what it left behind.
                # TYPE redis_proxy_sessions_without_client gauge
                redis_proxy_sessions_without_client 0
                # HELP redis_proxy_connections_accepted_total Client connections accepted.
                # TYPE redis_proxy_connections_accepted_total counter
                redis_proxy_connections_accepted_total 3
                # HELP redis_proxy_connections_failed_total Clients closed, or not accepted, through a fault of the proxy's own, which the log tells.
                # TYPE redis_proxy_connections_failed_total counter
                redis_proxy_connections_failed_total 2
                # HELP redis_proxy_connections_refused_total Client connections turned away.
                # TYPE redis_proxy_connections_refused_total counter
                redis_proxy_connections_refused_total{reason="max_connections"} 0
                redis_proxy_connections_refused_total{reason="protected_mode"} 1
                redis_proxy_connections_refused_total{reason="plaintext"} 0
                redis_proxy_connections_refused_total{reason="proxy_header"} 0
                redis_proxy_connections_refused_total{reason="certificate_name"} 0
                redis_proxy_connections_refused_total{reason="certificate_user"} 0
                # HELP redis_proxy_proxy_headers_failed_total Connections closed because of their headers of the PROXY protocol.
                # TYPE redis_proxy_proxy_headers_failed_total counter
                redis_proxy_proxy_headers_failed_total{reason="missing"} 0
                redis_proxy_proxy_headers_failed_total{reason="version_1"} 2
                redis_proxy_proxy_headers_failed_total{reason="malformed"} 0
                redis_proxy_proxy_headers_failed_total{reason="too_long"} 0
                redis_proxy_proxy_headers_failed_total{reason="checksum"} 0
                redis_proxy_proxy_headers_failed_total{reason="timed_out"} 0
                redis_proxy_proxy_headers_failed_total{reason="closed"} 0

                """)
    }

    @Test("TLS is on the page where it is spoken")
    func tls() {
        let metrics = LoopMetrics()
        metrics.handshakeFailed(.certificateRequired)
        var sum = LoopMetrics.Snapshot()
        for _ in 1...2 { sum.add(metrics.snapshot) }
        let statistics = TLSStatistics(
            expiry: [.clients: 1_800_000_000], isListening: true, failedWithBacking: [.expired: 3])
        let page = MetricsPage.render(
            loops: sum, cache: CacheStatistics(), coherence: CoherenceStatistics(), tls: statistics,
            droppedLogRecords: 0)
        #expect(page.contains("\nredis_proxy_tls_certificate_expiry_seconds{side=\"clients\"} 1800000000\n"))
        #expect(
            page.contains(
                "\nredis_proxy_tls_handshakes_failed_total{side=\"clients\",reason=\"certificate_required\"} 2\n"))
        #expect(page.contains("\nredis_proxy_tls_handshakes_failed_total{side=\"clients\",reason=\"timed_out\"} 0\n"))
        #expect(page.contains("\nredis_proxy_tls_handshakes_failed_total{side=\"backing\",reason=\"expired\"} 3\n"))
        #expect(!self.page().contains("redis_proxy_tls"))
    }

    @Test("docs/metrics.md has each metric that there is, and no other")
    func documented() throws {
        let tls = TLSStatistics(expiry: [.clients: 1_800_000_000], isListening: true, failedWithBacking: [:])
        let page = MetricsPage.render(
            loops: LoopMetrics().snapshot, cache: CacheStatistics(), coherence: CoherenceStatistics(), tls: tls,
            sentinel: SentinelStatistics(), droppedLogRecords: 0)
        let there = page.matches(of: /TYPE redis_proxy_(\w+) [a-z]/).map { String($0.1) }
        // The first cells of the tables of that page; the full names are those of the alerts.
        let cells = try PackageFile.read("docs/metrics.md").split(separator: "\n").filter { $0.hasPrefix("| `") }
            .compactMap { $0.split(separator: "|").first }
        let told = cells.flatMap { $0.matches(of: /`([a-z_]+)(?:\{[a-z,]+\})?`/).map { String($0.1) } }
        #expect(Set(told).symmetricDifference(there) == [])
    }

    @Test("requests are told apart by protocol, kind and outcome")
    func requests() {
        let lines = page().split(separator: "\n").filter { $0.hasPrefix("redis_proxy_requests_total") }
        #expect(lines.count == 2 * 5 * 4)
        #expect(lines.first == "redis_proxy_requests_total{protocol=\"resp\",kind=\"hit\",outcome=\"ok\"} 17")
        #expect(
            lines.contains("redis_proxy_requests_total{protocol=\"http\",kind=\"miss\",outcome=\"unavailable\"} 1"))
        #expect(page().contains("\nredis_proxy_http_too_many_requests_total 1\n"))
    }

    @Test("histogram buckets are cumulative, in seconds, and end with all requests")
    func histogram() {
        let lines = page().split(separator: "\n").filter {
            $0.contains("duration_seconds") && $0.contains("kind=\"hit\"")
        }
        let name = "redis_proxy_request_duration_seconds"
        #expect(lines.count == 22)
        #expect(lines.first == "\(name)_bucket{kind=\"hit\",le=\"0.00001\"} 16")
        #expect(lines.contains("\(name)_bucket{kind=\"hit\",le=\"0.0025\"} 16"))
        #expect(lines.contains("\(name)_bucket{kind=\"hit\",le=\"10\"} 16"))
        #expect(
            lines.suffix(3) == [
                "\(name)_bucket{kind=\"hit\",le=\"+Inf\"} 17",
                "\(name)_sum{kind=\"hit\"} 60.00016",
                "\(name)_count{kind=\"hit\"} 17",
            ])
    }

    @Test("label values and help texts are escaped")
    func escaping() {
        var text = PrometheusText()
        text.family("a", .gauge, "one \\ two\n\"three\"")
        text.sample("a", [("label", "one \\ two\n\"three\"")], 1)
        #expect(
            text.text
                == "# HELP a one \\\\ two\\n\"three\"\n# TYPE a gauge\na{label=\"one \\\\ two\\n\\\"three\\\"\"} 1\n")
    }

    @Test("each metric has one HELP and one TYPE line, and counters end in _total")
    func conventions() {
        let lines = page().split(separator: "\n")
        let types = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ") }
        let helps = lines.filter { $0.hasPrefix("# HELP ") }.map { $0.split(separator: " ")[2] }
        #expect(types.map { $0[2] } == helps)
        #expect(Set(helps).count == helps.count)
        for type in types { #expect((type[3] == "counter") == type[2].hasSuffix("_total")) }
    }
}
