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
    /// What ``StateChange`` follows is not counted here.
    static func pins(_ command: CommandView) -> Bool {
        switch command.name {
        case "client": return command.word(1).map(harmlessClientSubcommands.contains) != true
        case "asking", "readonly", "readwrite": return true
        default: return false
        }
    }

    private static let harmlessClientSubcommands: Set<CommandName> = [
        "capa", "getname", "getredir", "help", "id", "list", "maint_notifications", "pause", "reply", "tracking",
        "trackinginfo", "unblock", "unpause",
    ]
}

/// What `RESET` does not undo. Default-deny: a connection on which something was done that is not known to leave nothing, or only
/// what `RESET` takes away, is closed and not handed on.
extension CommandRouter {
    /// What success leaves on the connection for as long as that stands.
    static func lasting(_ command: CommandView, _ entry: TableEntry) -> LastingEffect {
        guard let name = command.name else { return .unknown }
        switch name {
        case "client": return lastingOfClient(command)
        case "script" where command.word(1) == "debug": return .unknown
        case "cluster" where command.word(1) == "syncslots": return .unknown
        case "replconf": return .harmless
        default: break
        }
        switch entry {
        // Then nothing can be told from a name that is not known.
        case .noTable: return .nothing
        case .unlisted: return .unknown
        case .listed(let description): return description.mayLeaveAnything ? .unknown : .nothing
        }
    }

    private static func lastingOfClient(_ command: CommandView) -> LastingEffect {
        // Of one that is passed on as it comes the end is not there yet.
        guard command.isComplete, let subcommand = command.word(1) else { return .unknown }
        if harmlessClientSubcommands.contains(subcommand) { return .nothing }
        switch subcommand {
        case "caching", "info", "kill", "no-touch", "setname": return .nothing
        // Of these `RESET` of Redis 7.0 leaves the first, and no server's undoes the second.
        case "no-evict", "setinfo": return .harmless
        // `IMPORT-SOURCE` reads what has expired; of all others it is not known.
        default: return .unknown
        }
    }
}
