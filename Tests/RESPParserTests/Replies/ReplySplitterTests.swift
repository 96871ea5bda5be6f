import RESPParser
import TestSupport
import Testing

@Suite("Replies, split as they come")
struct ReplySplitterTests {
    /// The frames of a stream in pieces: the byte that each begins with, and all its bytes; nil: they are no RESP.
    private func split(_ pieces: [[UInt8]], _ limits: FrameLimits = FrameLimits()) -> [(type: UInt8, bytes: [UInt8])]? {
        var splitter = ReplySplitter(limits: limits)
        var frames: [(type: UInt8, bytes: [UInt8])] = []
        var frame: (type: UInt8, bytes: [UInt8])?
        for piece in pieces {
            var offset = 0
            do throws(ProtocolError) {
                while let event = try splitter.next(in: piece.span.bytes, at: &offset) {
                    switch event {
                    case .begins(let type): frame = (type, [])
                    case .piece(let range), .largeBlob(let range, _, _): frame?.bytes += piece[range]
                    case .end(let range):
                        frame?.bytes += piece[range]
                        guard let whole = frame, splitter.frameLength == whole.bytes.count else { return nil }
                        frames.append(whole)
                        frame = nil
                    }
                }
            } catch {
                return nil
            }
            guard offset == piece.count, splitter.isBetweenFrames == (frame?.bytes ?? []).isEmpty else { return nil }
        }
        return frame == nil ? frames : nil
    }

    @Test(
        "any cut of a stream gives the frames that were made, each told once that it begins", arguments: [false, true])
    func anyCut(isRESP3: Bool) {
        let seed = SeededGenerator.freshSeed()
        var generator = ReplyGenerator(random: SeededGenerator(seed: seed), isRESP3: isRESP3, depth: 6)
        let limits = FrameLimits(reportedBlobLength: 100)
        for _ in 0..<200 {
            let replies = (0..<generator.random.number(in: 1...6)).map { _ in generator.reply() }
            for pieces in Pieces.allCases {
                let frames = split(pieces.cut(Array(replies.joined()), using: &generator.random), limits)
                #expect(frames?.map(\.bytes) == replies, "seed \(seed), \(pieces)")
                #expect(frames?.map(\.type) == replies.map { $0[0] }, "seed \(seed), \(pieces)")
            }
        }
    }

    @Test("the beginning of a frame is told before anything of it is looked at")
    func beginning() throws {
        var splitter = ReplySplitter()
        var offset = 0
        let malformed = Array("*x\r\n".utf8)
        #expect(try splitter.next(in: malformed.span.bytes, at: &offset) == .begins(type: UInt8(ascii: "*")))
        #expect(offset == 0 && splitter.isBetweenFrames)
        #expect(throws: ProtocolError.self) { try splitter.next(in: malformed.span.bytes, at: &offset) }
    }

    @Test("the header of a long blob is reported, also where it began in earlier bytes")
    func largeBlob() throws {
        var splitter = ReplySplitter(limits: FrameLimits(reportedBlobLength: 3))
        let bytes = Array("$4\r\nabcd\r\n".utf8)
        var events: [ReplySplitter.Event] = []
        for piece in [Array(bytes[..<2]), Array(bytes[2...])] {
            var offset = 0
            while let event = try splitter.next(in: piece.span.bytes, at: &offset) { events.append(event) }
        }
        #expect(
            events == [
                .begins(type: UInt8(ascii: "$")), .piece(0..<2), .largeBlob(0..<2, header: -2, length: 4), .end(2..<8),
            ])
        #expect(splitter.frameLength == 10 && splitter.frameType == UInt8(ascii: "$"))
    }
}
