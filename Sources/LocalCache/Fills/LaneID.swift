/// A fill lane: the connection on which one event loop reads from one server.
///
/// Whatever the cache keeps of a fill under way, it keeps with the lane; so the lane says which server the fill asks.
public struct LaneID: Hashable, Sendable {
    /// The event loop's number.
    public let loop: UInt32
    /// The server that it leads to.
    public let server: ServerID

    /// The lane of those two.
    @inlinable
    public init(loop: Int, server: ServerID) {
        self.loop = UInt32(truncatingIfNeeded: loop)
        self.server = server
    }
}

extension LaneID: Comparable {
    /// Those of one event loop stand together.
    @inlinable
    public static func < (one: LaneID, other: LaneID) -> Bool {
        (one.loop, one.server.number) < (other.loop, other.server.number)
    }
}

extension LaneID: CustomStringConvertible {
    /// For log lines and failed tests.
    public var description: String { "lane of event loop \(loop) to \(server)" }
}
