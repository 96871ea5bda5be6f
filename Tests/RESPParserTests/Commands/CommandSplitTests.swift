import ParserFeeds
import RESPParser
import TestSupport
import Testing

@Suite("Commands in pieces")
struct CommandSplitTests {
    @Test("any cut of what a client sends gives the same commands, errors and offsets")
    func anyCut() {
        let seed = SeededGenerator.freshSeed()
        var generator = CommandGenerator(random: SeededGenerator(seed: seed))
        for _ in 0..<400 {
            let stream = generator.stream()
            let whole = parseCommands([stream])
            for pieces in Pieces.allCases {
                let cut = pieces.cut(stream, using: &generator.random)
                #expect(parseCommands(cut) == whole, "seed \(seed), \(pieces), \(stream)")
            }
        }
    }

    @Test("well-formed commands all come out, with the arguments that went in")
    func roundTrip() {
        let seed = SeededGenerator.freshSeed()
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let commands = (0..<random.number(in: 1...5)).map { _ in
                (0..<random.number(in: 1...5)).map { _ in random.bytes(upTo: 40) }
            }
            var stream: [UInt8] = []
            for command in commands { RESPEncoder.command(command, into: &stream) }
            let cut = Pieces.random.cut(stream, using: &random)
            #expect(parseCommands(cut) == commands.map { .multibulk($0) }, "seed \(seed)")
        }
    }

    @Test("the limits of long lines do not depend on the cut")
    func longLines() {
        var random = SeededGenerator(seed: 1)
        let filler = [UInt8](repeating: 0x61, count: 70_000)
        for start in ["", "\0", "*", "*1\r\n$", "*1\0", "*2\r\n$1\r\na\r\n"] {
            let stream = [UInt8](start) + filler + "\r\n"
            let whole = parseCommands([stream])
            #expect(whole.count == 1)
            #expect(parseCommands(stream.chunked(4096)) == whole)
            #expect(parseCommands(Pieces.random.cut(stream, using: &random)) == whole)
        }
    }

    @Test("garbage neither traps nor depends on the cut")
    func garbage() {
        let seed = SeededGenerator.freshSeed()
        var generator = CommandGenerator(random: SeededGenerator(seed: seed))
        for _ in 0..<20_000 {
            var stream = generator.command()
            for _ in 0..<generator.random.number(in: 0...4) where !stream.isEmpty {
                let place = generator.random.number(in: 0...stream.count - 1)
                stream[place] =
                    generator.random.oneIn(2)
                    ? generator.random.pick(Array("*$\r\n\0-019\"'\\".utf8)) : generator.random.pick(stream)
            }
            let cut = Pieces.random.cut(stream, using: &generator.random)
            #expect(parseCommands(cut) == parseCommands([stream]), "seed \(seed), \(stream)")
        }
    }
}

extension [UInt8] {
    /// The bytes in pieces of `length`.
    func chunked(_ length: Int) -> [[UInt8]] {
        stride(from: 0, to: count, by: length).map { Array(self[$0..<Swift.min($0 + length, count)]) }
    }
}
