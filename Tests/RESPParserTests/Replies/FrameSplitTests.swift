import ParserFeeds
import RESPParser
import TestSupport
import Testing

@Suite("Replies in pieces")
struct FrameSplitTests {
    @Test("any cut of a stream gives the ends that were made, in both versions", arguments: [false, true])
    func anyCut(isRESP3: Bool) {
        let seed = SeededGenerator.freshSeed()
        var generator = ReplyGenerator(random: SeededGenerator(seed: seed), isRESP3: isRESP3, depth: 6)
        let limits = FrameLimits(reportedBlobLength: 100)
        for _ in 0..<200 {
            let replies = (0..<generator.random.number(in: 1...6)).map { _ in generator.reply() }
            let stream = Array(replies.joined())
            let ends = replies.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }.dropFirst()
            let whole = scanFrames([stream], limits: limits)
            #expect(whole.ends == Array(ends) && whole.error == nil && whole.endsBetweenFrames, "seed \(seed)")
            for pieces in Pieces.allCases {
                let cut = pieces.cut(stream, using: &generator.random)
                #expect(scanFrames(cut, limits: limits) == whole, "seed \(seed), \(pieces)")
            }
        }
    }

    @Test("garbage neither traps nor depends on the cut, for the scanner and for the decoder")
    func garbage() {
        let seed = SeededGenerator.freshSeed()
        var generator = ReplyGenerator(random: SeededGenerator(seed: seed), isRESP3: true, depth: 3)
        let alphabet = Array("+-:$*_#,(!=%~|>;.?\r\n019\0".utf8)
        for _ in 0..<20_000 {
            var stream = generator.reply()
            if stream.count > 300 { stream = Array(stream.prefix(300)) }
            for _ in 0..<generator.random.number(in: 0...4) where !stream.isEmpty {
                let place = generator.random.number(in: 0...stream.count - 1)
                stream[place] = generator.random.pick(generator.random.oneIn(2) ? alphabet : stream)
            }
            let whole = scanFrames([stream])
            let cut = Pieces.random.cut(stream, using: &generator.random)
            #expect(scanFrames(cut) == whole, "seed \(seed), \(stream)")
            let isOneFrame = whole.ends == [stream.count]
            let value = try? ReplyValue(decoding: stream.span.bytes, depth: 128)
            #expect(isOneFrame || value == nil, "seed \(seed), \(stream)")
            // A number may be too long for the decoder alone.
            #expect(!isOneFrame || value != nil || stream.contains(UInt8(ascii: ":")), "seed \(seed), \(stream)")
        }
    }
}
