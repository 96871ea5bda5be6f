import RESPParser

/// What a stream of replies came to; all offsets count from the start of the stream.
struct ScannedFrames: Equatable {
    struct LargeBlob: Equatable {
        var header: Int
        var body: Int
        var length: Int
    }

    var ends: [Int] = []
    var types: [UInt8] = []
    var largeBlobs: [LargeBlob] = []
    var error: ProtocolError?
    var endsBetweenFrames = true
}

/// Feeds pieces to a scanner, each once, and keeps none.
func scanFrames(_ pieces: [[UInt8]], limits: FrameLimits = FrameLimits()) -> ScannedFrames {
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

func scanFrames(_ text: String, limits: FrameLimits = FrameLimits()) -> ScannedFrames {
    scanFrames([Array(text.utf8)], limits: limits)
}
