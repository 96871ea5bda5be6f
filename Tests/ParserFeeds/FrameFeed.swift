import RESPParser

/// What a stream of replies came to; all offsets count from the start of the stream.
public struct ScannedFrames: Equatable, Sendable {
    /// A blob whose header was reported.
    public struct LargeBlob: Equatable, Sendable {
        /// Where its header begins.
        public var header: Int
        /// Where its body begins.
        public var body: Int
        /// How long it is.
        public var length: Int

        /// One with all its parts.
        public init(header: Int, body: Int, length: Int) {
            self.header = header
            self.body = body
            self.length = length
        }
    }

    /// The offset behind each frame.
    public var ends: [Int] = []
    /// The type of each frame.
    public var types: [UInt8] = []
    /// The blobs that were reported.
    public var largeBlobs: [LargeBlob] = []
    /// What was refused.
    public var error: ProtocolError?
    /// Whether nothing of another frame came behind the last one.
    public var endsBetweenFrames = true
}

/// Feeds pieces to a scanner, each once, and keeps none.
public func scanFrames(_ pieces: [[UInt8]], limits: FrameLimits = FrameLimits()) -> ScannedFrames {
    var scanner = FrameScanner(limits: limits)
    var frames = ScannedFrames()
    var passed = 0
    for piece in pieces {
        var offset = 0
        do throws(ProtocolError) {
            scan: while true {
                switch try scanner.scan(piece.span.bytes, from: offset) {
                case .needsMore:
                    break scan
                case .frameEnd(let end):
                    frames.ends.append(passed + end)
                    frames.types.append(scanner.frameType)
                    offset = end
                case .largeBlob(let header, let body, let length):
                    frames.largeBlobs.append(.init(header: passed + header, body: passed + body, length: length))
                    offset = body
                }
            }
        } catch {
            frames.error = error
            return frames
        }
        passed += piece.count
    }
    frames.endsBetweenFrames = scanner.isAtFrameStart
    return frames
}

/// The same for a text in one piece.
public func scanFrames(_ text: String, limits: FrameLimits = FrameLimits()) -> ScannedFrames {
    scanFrames([Array(text.utf8)], limits: limits)
}
