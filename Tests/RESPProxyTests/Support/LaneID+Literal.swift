import LocalCache

/// Lanes to one server, by the numbers of their event loops.
extension LaneID: ExpressibleByIntegerLiteral {
    /// To the first server.
    public init(integerLiteral loop: Int) { self.init(loop: loop, server: .first) }
}
