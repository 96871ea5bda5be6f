extension CommandRouter {
    /// Whether arguments make the reply long: of `SET … GET` the old value, of `PING` a text.
    static func asksForLongReply(_ command: CommandView) -> Bool {
        switch command.name {
        case "ping": command.count > 1
        case "set": (3..<max(3, command.count)).contains { command.word($0) == "get" }
        default: false
        }
    }
}
