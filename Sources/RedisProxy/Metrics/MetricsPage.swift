import LocalCache
import RESPProxy
import Time
import Topology
import TransportSecurity

/// The body of `/metrics`.
enum MetricsPage {
    static func render(
        loops: LoopMetrics.Snapshot, cache: CacheStatistics, coherence: CoherenceStatistics,
        tls: TLSStatistics = TLSStatistics(), sentinel: SentinelStatistics? = nil, droppedLogRecords: UInt64
    ) -> String {
        var page = PrometheusText()
        page.family("redis_proxy_info", .gauge, "What runs here; always 1.")
        page.sample(
            "redis_proxy_info", [("version", ProductVersion.number), ("coherence", coherence.mode.rawValue)], 1)
        page.single(
            "redis_proxy_backing_up", .gauge, "Whether the backing Redis answers: 1 yes, 0 no.",
            loops.fillLanesUp > 0 ? 1 : 0)
        page.single(
            "redis_proxy_fill_lanes_up", .gauge, "Connections to the backing that read values and are up.",
            loops.fillLanesUp)
        if let sentinel { appendSentinel(sentinel, to: &page) }
        appendCache(cache, to: &page)
        appendTracking(coherence, to: &page)
        appendConnections(loops, to: &page)
        appendTLS(tls, loops, to: &page)
        appendRequests(loops, to: &page)
        appendDurations(loops, to: &page)
        page.single(
            "redis_proxy_log_records_dropped_total", .counter, "Log records dropped because standard error took none.",
            droppedLogRecords)
        return page.text
    }

    private static func appendSentinel(_ sentinel: SentinelStatistics, to page: inout PrometheusText) {
        page.single(
            "redis_proxy_topology_changes_total", .counter,
            "How often another server became the primary than the one before.", sentinel.changes)
        let primary = "redis_proxy_primary_since_seconds"
        page.family(
            primary, .gauge, "Since when that server is the primary, in seconds since 1970; none while there is none.")
        if let address = sentinel.primary {
            page.sample(primary, [("address", "\(address)")], sentinel.since)
        }
        page.single("redis_proxy_sentinels_known", .gauge, "Sentinels that are known.", sentinel.known)
        page.single("redis_proxy_sentinels_up", .gauge, "Sentinels that are heard.", sentinel.up)
    }

    private static func appendCache(_ cache: CacheStatistics, to page: inout PrometheusText) {
        let counters: [(name: String, help: String, value: UInt64)] = [
            ("hits", "Look-ups answered from the cache.", cache.hits),
            ("misses", "Look-ups that began a fetch.", cache.misses),
            ("coalesced", "Look-ups that joined a fetch under way.", cache.coalesced),
            ("expired", "Entries dropped because their time was over.", cache.expired),
            ("evicted", "Entries dropped to make room.", cache.evicted),
            ("invalidated", "Entries dropped because of a change, a write or a flush.", cache.invalidated),
            ("refreshed", "Fetches begun because an entry was read near its end.", cache.refreshed),
            ("voided", "Fetched values not kept because something changed meanwhile.", cache.voided),
        ]
        for counter in counters {
            page.single("redis_proxy_cache_\(counter.name)_total", .counter, counter.help, counter.value)
        }
        page.single("redis_proxy_cache_entries", .gauge, "Keys in the cache.", cache.entries)
        page.single("redis_proxy_cache_bytes", .gauge, "Bytes counted for keys, values and overhead.", cache.bytes)
    }

    private static func appendTracking(_ coherence: CoherenceStatistics, to page: inout PrometheusText) {
        page.single(
            "redis_proxy_tracking", .gauge,
            "Whether the backing announces changes, and has been heard lately: 1 yes, 0 no.",
            coherence.mode == .tracking ? 1 : 0)
        let counters: [(name: String, help: String, value: UInt64)] = [
            ("announced_keys", "Changed keys that the backing announced, cached or not.", coherence.announcedKeys),
            (
                "announced_flushes", "Announcements of the backing that everything may have changed.",
                coherence.announcedFlushes
            ),
            ("barriers", "Questions answered on the connection of the announcements.", coherence.barriers),
            ("feeds", "Connections of the announcements that came up.", coherence.feeds),
            ("unannounced", "Changes noticed that the backing does not announce.", coherence.unannounced),
        ]
        for counter in counters {
            page.single("redis_proxy_tracking_\(counter.name)_total", .counter, counter.help, counter.value)
        }
    }

    private static func appendConnections(_ loops: LoopMetrics.Snapshot, to page: inout PrometheusText) {
        let open = "redis_proxy_connections"
        page.family(open, .gauge, "Client connections open.")
        for wireProtocol in LoopMetrics.WireProtocol.allCases {
            page.sample(open, [("protocol", wireProtocol.label)], loops.connections(wireProtocol))
        }
        page.single(
            "redis_proxy_sessions_without_client", .gauge,
            "RESP sessions whose client is gone, kept until the backing has done what it left behind.",
            loops.sessionsWithoutClient)
        page.single(
            "redis_proxy_connections_accepted_total", .counter, "Client connections accepted.",
            loops.connectionsAccepted)
        page.single(
            "redis_proxy_connections_failed_total", .counter,
            "Clients closed, or not accepted, through a fault of the proxy's own, which the log tells.",
            loops.connectionsFailed)
        let refused = "redis_proxy_connections_refused_total"
        page.family(refused, .counter, "Client connections turned away.")
        for reason in LoopMetrics.Refusal.allCases {
            page.sample(refused, [("reason", reason.label)], loops.connectionsRefused(reason))
        }
        let failed = "redis_proxy_proxy_headers_failed_total"
        page.family(failed, .counter, "Connections closed because of their headers of the PROXY protocol.")
        for failure in ProxyHeaderFailure.allCases {
            page.sample(failed, [("reason", failure.label)], loops.headersFailed[failure] ?? 0)
        }
    }

    private static func appendTLS(_ tls: TLSStatistics, _ loops: LoopMetrics.Snapshot, to page: inout PrometheusText) {
        if !tls.expiry.isEmpty {
            let expiry = "redis_proxy_tls_certificate_expiry_seconds"
            page.family(expiry, .gauge, "When the certificate that is shown to that side ends, in seconds since 1970.")
            for side in TLSReload.Side.allCases {
                if let seconds = tls.expiry[side] { page.sample(expiry, [("side", side.rawValue)], seconds) }
            }
        }
        let counts = [
            (TLSReload.Side.clients, tls.isListening ? loops.handshakesFailed : nil), (.backing, tls.failedWithBacking),
        ].compactMap { side, counts in counts.map { (side, $0) } }
        guard !counts.isEmpty else { return }
        let failed = "redis_proxy_tls_handshakes_failed_total"
        page.family(failed, .counter, "TLS handshakes with that side that failed.")
        for (side, counts) in counts {
            for failure in TLSFailure.allCases {
                page.sample(failed, [("side", side.rawValue), ("reason", failure.label)], counts[failure] ?? 0)
            }
        }
    }

    private static func appendRequests(_ loops: LoopMetrics.Snapshot, to page: inout PrometheusText) {
        let name = "redis_proxy_requests_total"
        page.family(name, .counter, "Requests answered.")
        for wireProtocol in [LoopMetrics.WireProtocol.resp, .http] {
            for kind in LoopMetrics.Kind.allCases {
                for outcome in LoopMetrics.Outcome.allCases {
                    page.sample(
                        name,
                        [("protocol", wireProtocol.label), ("kind", kind.label), ("outcome", outcome.label)],
                        loops.requests(wireProtocol, kind, outcome))
                }
            }
        }
        page.single(
            "redis_proxy_http_too_many_requests_total", .counter,
            "HTTP requests answered with 429 because of MAX_CLIENTS.", loops.tooManyRequests)
    }

    private static func appendDurations(_ loops: LoopMetrics.Snapshot, to page: inout PrometheusText) {
        let name = "redis_proxy_request_duration_seconds"
        page.family(name, .histogram, "How long a request took, from its last byte read to its reply written.")
        for kind in [LoopMetrics.Kind.hit, .miss, .relay, .stale] {
            let histogram = loops.durations(kind)
            let label = ("kind", kind.label)
            var total: UInt64 = 0
            for (index, count) in histogram.counts.enumerated() {
                total &+= count
                let bound =
                    index < LatencyHistogram.bounds.count ? seconds(LatencyHistogram.bounds[index]) : "+Inf"
                page.sample("\(name)_bucket", [label, ("le", bound)], total)
            }
            page.sample("\(name)_sum", [label], seconds(.nanoseconds(Int64(clamping: histogram.sumNanoseconds))))
            page.sample("\(name)_count", [label], total)
        }
    }

    private static func seconds(_ time: TimeSpan) -> String {
        Decimal.formatSeconds(nanoseconds: time.nanoseconds)
    }
}

extension LoopMetrics.WireProtocol {
    fileprivate var label: String {
        switch self {
        case .resp: "resp"
        case .http: "http"
        case .undetermined: "undetermined"
        }
    }
}

extension TLSFailure {
    fileprivate var label: String {
        switch self {
        case .unknownAuthority: "unknown_authority"
        case .notVerified: "not_verified"
        case .wrongName: "wrong_name"
        case .expired: "expired"
        case .notYetValid: "not_yet_valid"
        case .certificateRequired: "certificate_required"
        case .certificateRefused: "certificate_refused"
        case .notTLS: "not_tls"
        case .nothingInCommon: "nothing_in_common"
        case .closed: "closed"
        case .timedOut: "timed_out"
        case .other: "other"
        }
    }
}

extension LoopMetrics.Refusal {
    fileprivate var label: String {
        switch self {
        case .maxConnections: "max_connections"
        case .protectedMode: "protected_mode"
        case .plaintext: "plaintext"
        case .proxyHeader: "proxy_header"
        case .certificateName: "certificate_name"
        case .certificateUser: "certificate_user"
        }
    }
}

extension ProxyHeaderFailure {
    fileprivate var label: String {
        switch self {
        case .missing: "missing"
        case .version1: "version_1"
        case .malformed: "malformed"
        case .tooLong: "too_long"
        case .checksum: "checksum"
        case .timedOut: "timed_out"
        case .closed: "closed"
        }
    }
}

extension LoopMetrics.Kind {
    fileprivate var label: String {
        switch self {
        case .hit: "hit"
        case .miss: "miss"
        case .relay: "relay"
        case .stale: "stale"
        case .local: "local"
        }
    }
}

extension LoopMetrics.Outcome {
    fileprivate var label: String {
        switch self {
        case .ok: "ok"
        case .error: "error"
        case .unavailable: "unavailable"
        case .timedOut: "timed_out"
        }
    }
}
