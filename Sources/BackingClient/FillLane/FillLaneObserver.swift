import NIOCore

/// Hears of a fill lane's ups and downs, on its event loop.
public protocol FillLaneObserver: AnyObject {
    /// The lane is logged in and its database selected.
    ///
    /// - Parameter commandTable: The whole raw reply to `COMMAND`; nil where the server refused it.
    func fillLaneIsUp(_ lane: FillLane, commandTable: ByteBuffer?)
    /// The connection was lost or could not be made; told for each failed attempt. Waiters have not been failed yet.
    func fillLaneIsDown(_ lane: FillLane, error: BackingError)
}
