/// The server does not do one of the things that tracking needs.
public struct FeedRefusal: Hashable, Sendable, CustomStringConvertible {
    /// What was refused: `SUBSCRIBE`, `CLIENT TRACKING`, …
    public var command: String
    /// The server's own text, without the leading `-`.
    public var text: [UInt8]

    /// The command of a refusal to let us in, which may pass: users and passwords are changed.
    static let logIn = "AUTH"

    /// A refusal in the server's words.
    public init(command: String, text: [UInt8]) {
        self.command = command
        self.text = text
    }

    /// Whether it is of the kind that does not pass by itself: a command that is not there, or not allowed.
    public var isLasting: Bool {
        self.command != Self.logIn
            && ["ERR unknown", "ERR Unknown", "ERR syntax", "ERR no run_id", "NOPERM "].contains {
                self.text.starts(with: $0.utf8)
            }
    }

    /// For a log line.
    public var description: String {
        "\(self.command) was answered with: \(String(decoding: self.text, as: UTF8.self))\(LogInAdvice.following(self.text))"
    }
}
