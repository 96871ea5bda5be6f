import Time
import TransportSecurity

/// The counters of one event loop.
///
/// Confined to its loop: counting is plain addition, without atomics or locks. Whoever wants the sum of all loops asks
/// each loop for its ``snapshot``.
///
/// Over its files it is longer than 300 lines: a line for each thing that is counted, and how that is called on the page of metrics.
public final class LoopMetrics {
    /// What has been counted so far; a value, to be handed to other threads.
    public private(set) var snapshot = Snapshot()

    /// All zero.
    public init() {}

    // MARK: Connections

    /// A client connection was accepted; which protocol it speaks is not known yet.
    public func connectionOpened() {
        snapshot.connectionsAccepted &+= 1
        snapshot.connections[WireProtocol.undetermined.rawValue] &+= 1
    }

    /// Its first bytes have told which protocol it speaks.
    public func connectionIdentified(as wireProtocol: WireProtocol) {
        snapshot.connections[WireProtocol.undetermined.rawValue] &-= 1
        snapshot.connections[wireProtocol.rawValue] &+= 1
    }

    /// A client connection has closed, of which ``connectionOpened()`` was told.
    public func connectionClosed(_ wireProtocol: WireProtocol) {
        snapshot.connections[wireProtocol.rawValue] &-= 1
    }

    /// A client was turned away.
    public func connectionRefused(_ reason: Refusal) {
        snapshot.connectionsRefused[reason.rawValue] &+= 1
    }

    /// A client's TLS handshake did not come to a good end.
    public func handshakeFailed(_ failure: TLSFailure) {
        snapshot.handshakesFailed[failure, default: 0] &+= 1
    }

    /// A connection was closed that must begin with a header of the PROXY protocol.
    public func headerFailed(_ failure: ProxyHeaderFailure) {
        snapshot.headersFailed[failure, default: 0] &+= 1
    }

    /// A client was not served through a fault of the proxy's own.
    public func connectionFailed() {
        snapshot.connectionsFailed &+= 1
    }

    /// A RESP client is gone, and its session is kept until the server has done what it left behind.
    func sessionLeft() {
        snapshot.sessionsWithoutClient &+= 1
    }

    /// Such a session has ended.
    func leftSessionEnded() {
        snapshot.sessionsWithoutClient &-= 1
    }

    // MARK: Requests

    /// Counts requests that have been answered.
    ///
    /// - Parameters:
    ///   - count: How many, so that the hits of one read are counted in one go.
    ///   - time: How long each took, from its last byte read to its reply written; nil where nobody measured.
    ///     Requests of the kind ``Kind/local`` have no histogram.
    @inline(__always)
    public func requestsEnded(
        _ wireProtocol: WireProtocol, _ kind: Kind, _ outcome: Outcome, count: UInt64 = 1, took time: TimeSpan?
    ) {
        snapshot.requests[Snapshot.index(wireProtocol, kind, outcome)] &+= count
        if let time, kind != .local {
            snapshot.durations[kind.rawValue].record(time, count: count)
        }
    }

    /// An HTTP request got status 429, because `MAX_CLIENTS` others were being served.
    public func tooManyRequests() {
        snapshot.tooManyRequests &+= 1
    }

    // MARK: Backing

    /// One of the loop's fill lanes is up that was not, or is not any more.
    public func fillLaneChanged(isUp: Bool) {
        snapshot.fillLanesUp += isUp ? 1 : -1
    }
}

extension LoopMetrics {
    /// What a client speaks.
    public enum WireProtocol: Int, Sendable, CaseIterable {
        case resp
        case http
        /// It has not sent anything yet.
        case undetermined
    }

    /// Why a client was turned away.
    public enum Refusal: Int, Sendable, CaseIterable {
        case maxConnections
        case protectedMode
        /// It does not speak TLS, which the port requires.
        case plaintext
        /// It has sent a header of the PROXY protocol, which is not taken from it.
        case proxyHeader
        /// Its certificate has no name, or none that a user can have, where that is to tell who it is.
        case certificateName
        /// The user whom its certificate names could not be logged in.
        case certificateUser
    }

    /// How a request was answered.
    public enum Kind: Int, Sendable, CaseIterable {
        /// From the cache.
        case hit
        /// By a fill, its own or one that it joined.
        case miss
        /// By the backing, over the relay.
        case relay
        /// From what was known before the backing went away (`CACHE_STALE_IF_ERROR`).
        case stale
        /// By the proxy itself: its own errors, and what needs no value.
        case local
    }

    /// How a request ended.
    public enum Outcome: Int, Sendable, CaseIterable {
        case ok
        /// The server's or the proxy's error: wrong type, bad syntax, not allowed.
        case error
        /// The backing was away.
        case unavailable
        /// The backing did not answer in time.
        case timedOut
    }
}
