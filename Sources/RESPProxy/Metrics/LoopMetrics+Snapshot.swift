import TransportSecurity

extension LoopMetrics {
    /// The counters of one loop, or the sum of several.
    public struct Snapshot: Sendable, Equatable {
        /// Since start.
        public internal(set) var connectionsAccepted: UInt64 = 0
        /// Clients not served through a fault of the proxy's own, since start.
        public internal(set) var connectionsFailed: UInt64 = 0
        /// HTTP requests that got status 429.
        public internal(set) var tooManyRequests: UInt64 = 0
        /// Sessions that are kept although their client is gone.
        public internal(set) var sessionsWithoutClient = 0
        /// Fill lanes that are up now.
        public internal(set) var fillLanesUp = 0

        /// TLS handshakes of clients that failed, since start.
        public internal(set) var handshakesFailed: [TLSFailure: UInt64] = [:]
        /// Connections closed because of their headers of the PROXY protocol, since start.
        public internal(set) var headersFailed: [ProxyHeaderFailure: UInt64] = [:]

        var connections = [Int](repeating: 0, count: WireProtocol.allCases.count)
        var connectionsRefused = [UInt64](repeating: 0, count: Refusal.allCases.count)
        var requests = [UInt64](
            repeating: 0, count: WireProtocol.allCases.count * Kind.allCases.count * Outcome.allCases.count)
        var durations = [LatencyHistogram](repeating: LatencyHistogram(), count: Kind.allCases.count)

        /// All zero.
        public init() {}

        /// Connections open now.
        public func connections(_ wireProtocol: WireProtocol) -> Int { connections[wireProtocol.rawValue] }

        /// Clients turned away since start.
        public func connectionsRefused(_ reason: Refusal) -> UInt64 { connectionsRefused[reason.rawValue] }

        /// Requests answered since start.
        public func requests(_ wireProtocol: WireProtocol, _ kind: Kind, _ outcome: Outcome) -> UInt64 {
            requests[Self.index(wireProtocol, kind, outcome)]
        }

        /// How long requests of that kind took.
        public func durations(_ kind: Kind) -> LatencyHistogram { durations[kind.rawValue] }

        /// Adds another loop's counters.
        public mutating func add(_ other: Snapshot) {
            connectionsAccepted &+= other.connectionsAccepted
            connectionsFailed &+= other.connectionsFailed
            tooManyRequests &+= other.tooManyRequests
            sessionsWithoutClient &+= other.sessionsWithoutClient
            fillLanesUp &+= other.fillLanesUp
            handshakesFailed.merge(other.handshakesFailed) { $0 &+ $1 }
            headersFailed.merge(other.headersFailed) { $0 &+ $1 }
            for index in connections.indices { connections[index] &+= other.connections[index] }
            for index in connectionsRefused.indices { connectionsRefused[index] &+= other.connectionsRefused[index] }
            for index in requests.indices { requests[index] &+= other.requests[index] }
            for index in durations.indices { durations[index].add(other.durations[index]) }
        }

        @inline(__always)
        static func index(_ wireProtocol: WireProtocol, _ kind: Kind, _ outcome: Outcome) -> Int {
            (wireProtocol.rawValue &* Kind.allCases.count &+ kind.rawValue) &* Outcome.allCases.count
                &+ outcome.rawValue
        }
    }
}
