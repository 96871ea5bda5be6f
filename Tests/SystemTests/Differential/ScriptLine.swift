import TestSupport

/// One command of a script, and how many replies it gets.
struct ScriptLine: Sendable {
    /// The command's name and arguments.
    let words: [[UInt8]]
    /// How many replies the server sends for it: not one for subscriptions and for `CLIENT REPLY`.
    let replies: Int

    /// The command as a client sends it.
    var bytes: [UInt8] { encodeCommand(self.words) }

    /// The command for a test report.
    var shown: String { self.words.map { printable($0.prefix(60)) }.joined(separator: " ") }

    /// A command that gets one reply.
    init(_ words: [[UInt8]], replies: Int = 1) {
        self.words = words
        self.replies = replies
    }

    /// Reads a line: words between spaces, `""` around a word that is empty or holds spaces, escapes as in Swift's
    /// `\r`, `\n` and `\0` but with `%`, `%xHH` for any other byte, and `N>` in front where it gets N replies.
    init(_ line: some StringProtocol) {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        var isQuoted = false
        var isEscaped = false
        var digits: [UInt8]?
        var isWord = false
        for byte in line.utf8 {
            switch byte {
            case _ where digits != nil:
                digits?.append(byte)
                if let pair = digits, pair.count == 2 {
                    word.append(UInt8(String(decoding: pair, as: UTF8.self), radix: 16) ?? 0)
                    digits = nil
                }
            case UInt8(ascii: "x") where isEscaped:
                digits = []
                isEscaped = false
            case UInt8(ascii: "%") where !isEscaped:
                isEscaped = true
                isWord = true
            case _ where isEscaped:
                word.append(Self.escapes[byte] ?? byte)
                isEscaped = false
            case UInt8(ascii: "\""):
                isQuoted.toggle()
                isWord = true
            case UInt8(ascii: " ") where !isQuoted:
                if isWord { words.append(word) }
                word = []
                isWord = false
            default:
                word.append(byte)
                isWord = true
            }
        }
        if isWord { words.append(word) }
        var replies = 1
        if let first = words.first, first.last == UInt8(ascii: ">"),
            let count = Int(String(decoding: first.dropLast(), as: UTF8.self))
        {
            replies = count
            words.removeFirst()
        }
        self.init(words, replies: replies)
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "r"): 13, UInt8(ascii: "n"): 10, UInt8(ascii: "0"): 0,
    ]

    /// A word of the command as text, in upper case; empty where there is none.
    func word(_ index: Int) -> String {
        index < self.words.count ? String(decoding: self.words[index], as: UTF8.self).uppercased() : ""
    }

    /// The same command with another word in one place.
    func replacing(_ index: Int, by word: String) -> ScriptLine {
        var words = self.words
        words[index] = Array(word.utf8)
        return ScriptLine(words, replies: self.replies)
    }
}
