import TestSupport

/// What a few clients of one server say, in turns, made up or read from a file.
///
/// As text, a line is a command of a client: `0> SET k v` begins a turn, `0& GET k` goes out together with the line before it. `0> raw …`
/// are bytes as they are. Words are those of ``ScriptLine``. `cuts N` in the first line has all be sent in random pieces.
struct FuzzedConversation: Sendable, CustomStringConvertible {
    /// What one client sends without waiting for replies in between.
    struct Turn: Sendable {
        /// Which of the clients.
        var client: Int
        /// Its commands, or bytes that are none.
        var lines: [Line]

        var bytes: [UInt8] { self.lines.flatMap(\.bytes) }
    }

    /// A command, or bytes that need not be one.
    enum Line: Sendable {
        case command([[UInt8]])
        case raw([UInt8])

        var bytes: [UInt8] {
            switch self {
            case .command(let words): encodeCommand(words)
            case .raw(let bytes): bytes
            }
        }
    }

    /// How many clients there are at most.
    static let clients = 3

    /// In their order.
    var turns: [Turn]
    /// The seed of the pieces in which it is sent; nil: each turn in one write.
    var cuts: UInt64?

    /// Whether replies may be switched off, so that nobody can wait for what was done.
    var mayBeSilent: Bool { self.description.uppercased().contains("REPLY") }

    init(turns: [Turn], cuts: UInt64?) {
        self.turns = turns
        self.cuts = cuts
    }

    /// Reads what ``description`` wrote.
    init(_ text: String) throws {
        self.init(turns: [], cuts: nil)
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ", maxSplits: 1)
            if parts[0] == "cuts" {
                self.cuts = parts.last.flatMap { UInt64($0) }
                continue
            }
            guard parts.count == 2, let client = parts[0].first?.wholeNumberValue, client < Self.clients else {
                throw TestSupportError("no line of a conversation: \(line)")
            }
            var words = ScriptLine(parts[1]).words
            var read = Line.command(words)
            if words.first == Array("raw".utf8) {
                words.removeFirst()
                read = .raw(Array(words.joined()))
            }
            if parts[0].hasSuffix("&"), self.turns.last?.client == client {
                self.turns[self.turns.count - 1].lines.append(read)
            } else {
                self.turns.append(Turn(client: client, lines: [read]))
            }
        }
    }

    var description: String {
        let lines = self.turns.flatMap { turn in
            turn.lines.enumerated().map { index, line in
                let sign = index == 0 ? ">" : "&"
                switch line {
                case .command(let words): return "\(turn.client)\(sign) \(Self.written(words))"
                case .raw(let bytes): return "\(turn.client)\(sign) raw \(Self.written([bytes]))"
                }
            }
        }
        return ((self.cuts.map { ["cuts \($0)"] } ?? []) + lines).joined(separator: "\n")
    }

    private static func written(_ words: [[UInt8]]) -> String {
        words.map { word in
            let isPlain =
                !word.isEmpty
                && word.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "\"") }
            if isPlain, word != Array("raw".utf8) { return String(decoding: word, as: UTF8.self) }
            return "\"" + word.map(Self.escaped).joined() + "\""
        }.joined(separator: " ")
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case 13: return "%r"
        case 10: return "%n"
        case 32..<127 where byte != UInt8(ascii: "%") && byte != UInt8(ascii: "\""):
            return String(Unicode.Scalar(byte))
        default:
            let digits = String(byte, radix: 16)
            return "%x" + (digits.count == 1 ? "0" + digits : digits)
        }
    }
}
