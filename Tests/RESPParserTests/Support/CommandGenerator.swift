import RESPParser
import TestSupport

/// Makes what clients send: commands of both kinds, what Redis ignores, and now and then what it refuses.
struct CommandGenerator {
    var random: SeededGenerator
    var mayBeMalformed = true

    mutating func stream() -> [UInt8] {
        (0..<random.number(in: 1...12)).reduce(into: []) { stream, _ in stream += command() }
    }

    mutating func command() -> [UInt8] {
        switch random.number(in: 0...(mayBeMalformed ? 12 : 9)) {
        case 0: return [UInt8](random.pick(["\r\n", "\n", " \n", "*0\r\n", "*-1\r\n"]))
        case 1, 2: return [UInt8]("ECHO ") + random.bytes(upTo: 8, of: "ab \t") + " \"q\\x41 \\n\" 'it\\'s'\r\n"
        case 10: return random.bytes(upTo: 12, of: "a \"'\\x4\t\u{0B}") + "\n"
        case 11: return [UInt8]("*2\r\n") + random.bytes(upTo: 4, of: "$0123-\r\n") + "\r\n"
        case 12: return [UInt8]("*") + random.bytes(upTo: 4, of: "0123-+ \r\0") + "\r\n"
        default: return multibulk()
        }
    }

    mutating func multibulk() -> [UInt8] {
        var bytes: [UInt8] = []
        let arguments = (0..<random.number(in: 1...6)).map { _ in random.bytes(upTo: random.oneIn(9) ? 2000 : 12) }
        RESPEncoder.command(arguments, into: &bytes)
        return bytes
    }
}
