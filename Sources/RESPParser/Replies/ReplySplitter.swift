/// Splits what a server sends into frames, replies and pushes, wherever the reads of the socket cut it: each frame begins, comes in pieces,
/// and ends.
///
/// Bytes are passed as they come, each once. All offsets are in the bytes that are passed.
public struct ReplySplitter: Sendable {
    /// What comes next in the bytes.
    public enum Event: Equatable, Sendable {
        /// A frame begins with this byte, which is not taken yet.
        case begins(type: UInt8)
        /// A part of a frame that goes on behind it.
        case piece(Range<Int>)
        /// The last part of a frame.
        case end(Range<Int>)
        /// A part of a frame that ends with the header of a blob longer than ``FrameLimits/reportedBlobLength``. The header begins at `header`;
        /// where that is negative, it began so many bytes before these.
        case largeBlob(Range<Int>, header: Int, length: Int)
    }

    @usableFromInline var scanner: FrameScanner
    /// The beginning of the frame in hand has been told.
    @usableFromInline var hasBegun = false

    @usableFromInline var length = 0

    /// How many bytes of the frame in hand, or of the one that has just ended, have come.
    public var frameLength: Int { length }

    /// A splitter that stands before the first byte of a connection.
    public init(limits: FrameLimits = FrameLimits()) {
        scanner = FrameScanner(limits: limits)
    }

    /// How deep frames may nest from now on.
    public mutating func limitDepth(to depth: Int) { scanner.limits.depth = depth }

    /// Whether nothing of a next frame has been taken.
    public var isBetweenFrames: Bool { scanner.isAtFrameStart }

    /// The type of the frame that has just ended, behind its attributes.
    public var frameType: UInt8 { scanner.frameType }

    /// What comes at `offset`, which is moved behind it; nil at the end of the bytes.
    ///
    /// - Throws: ``ProtocolError`` when the bytes are no RESP or exceed a limit; the splitter is then unusable.
    @inlinable
    public mutating func next(in bytes: RawSpan, at offset: inout Int) throws(ProtocolError) -> Event? {
        guard offset < bytes.byteCount else { return nil }
        guard hasBegun else {
            hasBegun = true
            length = 0
            return .begins(type: bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
        }
        let start = offset
        switch try scanner.scan(bytes, from: start) {
        case .needsMore:
            offset = bytes.byteCount
            length += offset - start
            return .piece(start..<offset)
        case .frameEnd(let end):
            offset = end
            length += offset - start
            hasBegun = false
            return .end(start..<offset)
        case .largeBlob(let header, let body, let bodyLength):
            offset = body
            length += offset - start
            return .largeBlob(start..<offset, header: header, length: bodyLength)
        }
    }
}
