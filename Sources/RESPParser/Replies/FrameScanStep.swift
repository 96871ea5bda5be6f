/// Why ``FrameScanner/scan(_:from:)`` stopped.
public enum FrameScanStep: Equatable, Sendable {
    /// All bytes were looked at; the frame in hand goes on in the next ones.
    case needsMore
    /// The frame in hand ended right before this offset.
    case frameEnd(at: Int)
    /// The header of a blob (`$`, `=`, `!`, at any depth) announces more than ``FrameLimits/reportedBlobLength``: the
    /// header line began at `headerStart` in these bytes (negative: that many bytes before them) and the body starts at
    /// `body`. Scanning goes on from `body`; the body and its CRLF are `length + 2` bytes.
    case largeBlob(headerStart: Int, body: Int, length: Int)
}
