/// What a relayed command may write, and so what the local cache must forget.
enum WriteEffect: Equatable, Sendable {
    case none
    case keys([[UInt8]])
    /// Keys that the command does not tell. Where the server announces what changes, that tells; otherwise it is ``everything``.
    case unknownKeys
    /// What the server does not announce, `SWAPDB` say, or may not: everything must be forgotten.
    case everything

    /// Whether it tells what it writes.
    var isKnown: Bool {
        switch self {
        case .none, .keys: true
        case .unknownKeys, .everything: false
        }
    }

    /// The effect of `command`, by the server's own table.
    ///
    /// - Parameter table: nil until `COMMAND` has been read, or where it is forbidden: then every command counts as a
    ///   write of unknown keys, except the few that cannot be one whatever the table says.
    init(of command: CommandView, table: CommandTable?) {
        guard let table else {
            self = command.name.map(Self.neverWrites.contains) == true ? .none : .everything
            return
        }
        guard let description = table.description(of: command) else {
            self = .unknownKeys
            return
        }
        let flags = description.flags
        if flags.isSuperset(of: [.blocking, .movableKeys]) {
            // `BLMPOP`, `BZMPOP`, `XREADGROUP`: they take from lists, sorted sets and streams that are there, and never make or unmake
            // a string. A fence on all keys while one waits would switch the cache off for as long.
            self = .none
        } else if flags.contains(.write) || command.name == "pfcount" {
            // PFCOUNT is flagged read-only and yet may rewrite the string that it reads (it caches the count).
            self = Self.keys(of: command, description)
        } else if flags.contains(.readonly) {
            self = .none
        } else {
            self = Self.unflagged(command, description)
        }
    }

    /// Commands that are part of the protocol itself: they write no key, on any version.
    private static let neverWrites: Set<CommandName> = [
        "auth", "client", "command", "discard", "echo", "hello", "info", "multi", "ping", "psubscribe", "punsubscribe",
        "quit", "reset", "select", "ssubscribe", "subscribe", "sunsubscribe", "unsubscribe", "unwatch", "watch",
    ]

    /// Commands of `@admin` that change no key; the rest of it (`DEBUG`, `REPLICAOF`, `MODULE`, …) may.
    private static let harmlessAdmin: Set<CommandName> = [
        "acl", "bgrewriteaof", "bgsave", "client", "config", "lastsave", "latency", "monitor", "pfselftest", "psync",
        "replconf", "role", "save", "slowlog", "sync",
    ]

    /// For commands flagged neither `write` nor `readonly`: `EVAL`, `FCALL`, `DEBUG`, `REPLICAOF` carry no flag and yet write.
    private static func unflagged(_ command: CommandView, _ description: CommandDescription) -> WriteEffect {
        if description.categories.contains(.scripting) { return .unknownKeys }
        guard description.categories.contains(.admin) else { return .none }
        return command.name.map(harmlessAdmin.contains) == true ? .none : .everything
    }

    private static func keys(of command: CommandView, _ description: CommandDescription) -> WriteEffect {
        guard !description.flags.contains(.movableKeys) else { return .unknownKeys }
        // `FLUSHALL` and `SWAPDB`, under whatever name: only the former is announced.
        guard description.firstKey > 0, description.keyStep > 0 else { return .everything }
        let last = description.lastKey >= 0 ? description.lastKey : command.announced + description.lastKey
        // While a large command is still being received, the keys behind the received part are not known.
        guard command.isComplete || last < command.count else { return .unknownKeys }
        var keys: [[UInt8]] = []
        for position in stride(
            from: description.firstKey, through: min(last, command.count - 1), by: description.keyStep)
        {
            keys.append(command.copy(position))
        }
        return keys.isEmpty ? .none : .keys(keys)
    }
}
