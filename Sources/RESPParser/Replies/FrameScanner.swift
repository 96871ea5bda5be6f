/// Finds the ends of reply frames, RESP2 and RESP3, without building values and without keeping bytes.
///
/// Bytes are passed as they come, each once; nothing needs to be kept by the caller. An attribute (`|`) counts as the
/// beginning of the frame that follows it, streamed strings and aggregates (`$?`, `*?` …) as one frame.
public struct FrameScanner: Sendable {
    /// The limits that hold against a hostile server.
    public var limits: FrameLimits

    /// The type byte of the top-level frame in hand or just ended (behind its attributes), 0 before its first byte.
    public private(set) var frameType: UInt8

    /// True between frames: nothing of a next frame has been seen.
    public var isAtFrameStart: Bool { fatalError("stub") }

    public init(limits: FrameLimits = FrameLimits()) {
        self.limits = limits
        self.frameType = 0
    }

    /// Scans `bytes` from `offset` on, up to the next thing worth a stop.
    ///
    /// - Throws: ``ProtocolError`` when the bytes are no RESP or exceed a limit; the scanner is then unusable.
    public mutating func scan(_ bytes: RawSpan, from offset: Int) throws(ProtocolError) -> FrameScanStep {
        fatalError("stub")
    }
}

/// Why ``FrameScanner/scan(_:from:)`` stopped.
public enum FrameScanStep: Equatable, Sendable {
    /// All bytes were looked at; the frame in hand goes on in the next ones.
    case needsMore
    /// The frame in hand ended right before this offset.
    case frameEnd(at: Int)
    /// The header of a blob (`$`, `=`, `!`, at any depth) announces more than ``FrameLimits/reportedBlobLength``: the header line
    /// began at `headerStart` in these bytes (negative: that many bytes before them) and the body starts at `body`.
    /// Scanning goes on from `body`; the body and its CRLF are `length + 2` bytes.
    case largeBlob(headerStart: Int, body: Int, length: Int)
}

/// The limits of the reply side.
public struct FrameLimits: Equatable, Sendable {
    /// How deep aggregates may nest.
    public var depth: Int
    /// Bytes in a line (simple string, error, number, count).
    public var lineLength: Int
    /// Blobs longer than this make ``FrameScanner`` stop at their header; `Int.max` reports none.
    public var reportedBlobLength: Int

    public init(depth: Int = 128, lineLength: Int = 65_536, reportedBlobLength: Int = .max) {
        self.depth = depth
        self.lineLength = lineLength
        self.reportedBlobLength = reportedBlobLength
    }
}
