/// Finds the ends of reply frames, RESP2 and RESP3, without building values and without keeping bytes.
///
/// Bytes are passed as they come, each once; nothing needs to be kept by the caller. An attribute (`|`) counts as the
/// beginning of the frame that follows it, streamed strings and aggregates (`$?`, `*?` …) as one frame.
///
/// Memory is bounded by ``FrameLimits/depth``, whatever is announced; the body of a blob is skipped, not looked at.
public struct FrameScanner: Sendable {
    private enum Stage {
        /// A type byte comes next.
        case element
        /// The line in hand came in pieces, or is one of the rare ones.
        case line
        case body
        case bodyCarriageReturn
        case bodyLineFeed
    }

    /// The limits that hold against a hostile server.
    public var limits: FrameLimits

    /// The type byte of the top-level frame in hand or just ended (behind its attributes), 0 before its first byte.
    public private(set) var frameType: UInt8

    private var stage = Stage.element
    private var nesting = FrameNesting()
    private var line = ReplyLine()
    /// Bytes of the body in hand still to come, without its CRLF.
    private var remainingBody = 0
    /// An attribute was read, and what it belongs to must follow.
    private var isBehindAttribute = false
    /// A streamed blob is in hand: chunks follow until the empty one.
    private var isInStreamedBlob = false
    /// Bytes of the frame in hand that earlier calls looked at.
    private var scanned = 0

    /// True between frames: nothing of a next frame has been seen.
    public var isAtFrameStart: Bool {
        stage == .element && nesting.depth == 0 && !isBehindAttribute && !isInStreamedBlob
    }

    public init(limits: FrameLimits = FrameLimits()) {
        self.limits = limits
        self.frameType = 0
    }

    /// Scans `bytes` from `offset` on, up to the next thing worth a stop.
    ///
    /// - Throws: ``ProtocolError`` when the bytes are no RESP or exceed a limit; the scanner is then unusable.
    public mutating func scan(_ bytes: RawSpan, from offset: Int) throws(ProtocolError) -> FrameScanStep {
        var cursor = Cursor(position: offset, frameStart: offset - scanned)
        while cursor.position < bytes.byteCount {
            if let step = try advance(bytes, &cursor) {
                scanned = step.endsFrame ? 0 : cursor.position - cursor.frameStart
                return step
            }
        }
        scanned = cursor.position - cursor.frameStart
        return .needsMore
    }
}
