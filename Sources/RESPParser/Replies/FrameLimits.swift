/// The limits of the reply side.
public struct FrameLimits: Equatable, Sendable {
    /// How deep aggregates may nest.
    public var depth: Int
    /// Bytes in a line (simple string, error, number, count).
    public var lineLength: Int
    /// Blobs longer than this make ``FrameScanner`` stop at their header; `Int.max` reports none.
    public var reportedBlobLength: Int

    /// By default the limits that hold for every backing.
    public init(depth: Int = 128, lineLength: Int = 65_536, reportedBlobLength: Int = .max) {
        self.depth = depth
        self.lineLength = lineLength
        self.reportedBlobLength = reportedBlobLength
    }
}
