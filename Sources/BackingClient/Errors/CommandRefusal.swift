/// What the text of a server's error is about.
enum CommandRefusal {
    /// Whether the command itself was refused, and not what it was to do: the user may not run it, or the server does not know it, at least not by
    /// that name.
    ///
    /// - Parameter text: Without the leading `-`.
    static func isSaid(by text: [UInt8]) -> Bool {
        text.starts(with: "NOPERM ".utf8) || text.starts(with: "ERR unknown command".utf8)
    }
}
