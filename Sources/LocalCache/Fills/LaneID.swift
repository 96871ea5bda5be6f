/// A fill lane: the connection on which one event loop reads from one server.
public struct LaneID: Hashable, Sendable {
    /// The event loop's number.
    public let loop: UInt32
    /// The server's number.
    public let server: UInt32

    /// The lane of those two.
    @inlinable
    public init(loop: Int, server: Int) {
        self.loop = UInt32(truncatingIfNeeded: loop)
        self.server = UInt32(truncatingIfNeeded: server)
    }
}

extension LaneID: Comparable {
    /// Those of one event loop stand together.
    @inlinable
    public static func < (one: LaneID, other: LaneID) -> Bool { (one.loop, one.server) < (other.loop, other.server) }
}

extension LaneID: CustomStringConvertible {
    /// For log lines and failed tests.
    public var description: String { "lane of event loop \(loop) to server \(server)" }
}
