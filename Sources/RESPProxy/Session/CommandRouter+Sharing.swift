/// Which commands may share a connection with those of other sessions, and which tie a session to the one that they ran on.
extension CommandRouter {
    /// Default-deny: only what the server's own table puts outside the categories that carry state, block or run for long, and that
    /// has a key; or one of a few names.
    static func isShareable(_ command: CommandView, _ description: CommandDescription?) -> Bool {
        guard description != nil, let name = command.name else { return false }
        return harmlessWithoutKey.contains(name)
    }

    private static let harmlessWithoutKey: Set<CommandName> = [
        "dbsize", "echo", "ping", "publish", "randomkey", "scan", "time",
    ]

    /// Whether success leaves something on the connection: a name, or that the client knows its address.
    ///
    /// What the table does not know may do anything. What ``StateChange`` follows is not counted here.
    static func pins(_ command: CommandView, _ description: CommandDescription?) -> Bool {
        guard description != nil, let name = command.name else { return true }
        switch name {
        case "client": return command.word(1).map(harmlessClientSubcommands.contains) != true
        case "script": return command.word(1) == "debug"
        case "asking", "readonly", "readwrite", "replconf": return true
        default: return false
        }
    }

    private static let harmlessClientSubcommands: Set<CommandName> = [
        "getname", "getredir", "help", "id", "list", "pause", "reply", "tracking", "trackinginfo", "unblock",
        "unpause",
    ]
}
