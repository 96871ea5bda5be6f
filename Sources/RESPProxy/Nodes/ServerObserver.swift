import BackingClient
import LocalCache
import Time

/// Who is told, for one event loop, what is found out about a server; each hears it on its own.
protocol ServerObserver: Sendable {
    /// The event loop's fill lane to the server.
    var lane: LaneID { get }
    /// The invalidation feed that stands from now on; nil: none.
    func feedChanged(to feed: FeedIdentity?)
    /// The server has been asked whether it lets somebody in who gives no password.
    ///
    /// - Parameter sent: When it was asked.
    func admissionChanged(to isGranted: Bool, sent: Instant)
    /// For what the server ends connections is another thing than it was.
    func limitsChanged(to limits: ServerLimits)
    /// Makes sure that the fill lane answers something that is sent after `since`.
    func askLane(since: Instant)
}
