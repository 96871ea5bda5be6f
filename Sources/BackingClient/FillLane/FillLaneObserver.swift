import NIOCore
import Time

/// Hears of a fill lane's ups and downs, on its event loop.
public protocol FillLaneObserver: AnyObject {
    /// The lane is logged in and its database selected; no fetch has been written yet.
    ///
    /// - Parameter commandTable: The whole raw reply to `COMMAND`; nil where the server refused it.
    func fillLaneIsUp(_ lane: FillLane, commandTable: ByteBuffer?)
    /// The connection was lost or could not be made; told for each failed attempt. Waiters have not been failed yet.
    func fillLaneIsDown(_ lane: FillLane, error: BackingError)
    /// Where changes are tracked: from now on, what is fetched is announced to the feed of that generation.
    func fillLane(_ lane: FillLane, isTrackedBy generation: UInt64)
    /// The server does not track what this lane reads. It goes on without.
    func fillLane(_ lane: FillLane, wasRefused refusal: FeedRefusal)
    /// Where changes are tracked: a question sent at that time has been answered.
    func fillLane(_ lane: FillLane, answered sent: Instant)
}

extension FillLaneObserver {
    /// Nothing is tracked.
    public func fillLane(_ lane: FillLane, isTrackedBy generation: UInt64) {}
    /// Nothing is tracked.
    public func fillLane(_ lane: FillLane, wasRefused refusal: FeedRefusal) {}
    /// Nothing is tracked.
    public func fillLane(_ lane: FillLane, answered sent: Instant) {}
}
