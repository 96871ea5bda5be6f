/// What a relayed command may write, and so what the local cache must forget.
enum WriteEffect: Equatable, Sendable {
    case none
    case key([UInt8])
    case severalKeys([[UInt8]])
    /// Keys that the command does not name. Where the server announces changes, it tells which; otherwise this counts as ``everything``.
    case unknownKeys
    /// Something that the server does not announce, or may not, such as `SWAPDB`: everything must be forgotten.
    case everything

    /// The same as `== .none`, without comparing payloads.
    var isNone: Bool { if case .none = self { true } else { false } }

    /// Whether it is known which keys it writes.
    var isKnown: Bool {
        switch self {
        case .none, .key, .severalKeys: true
        case .unknownKeys, .everything: false
        }
    }

    static func keys(_ keys: [[UInt8]]) -> WriteEffect {
        switch keys.count {
        case 0: .none
        case 1: .key(keys[0])
        default: .severalKeys(keys)
        }
    }

    /// The keys that the command names.
    var knownKeys: [[UInt8]] {
        switch self {
        case .none, .unknownKeys, .everything: []
        case .key(let key): [key]
        case .severalKeys(let keys): keys
        }
    }

    /// The effect of `command`, by the server's own table.
    ///
    /// Without a table every command counts as a write of everything, except the few that cannot be one whatever the table says.
    ///
    /// - Parameter namesKeys: False where nothing is ever cached: then a command whose keys are known counts as ``none``, and they are not
    ///   copied.
    init(of command: CommandView, _ entry: TableEntry, namesKeys: Bool = true) {
        let description: CommandDescription
        switch entry {
        case .noTable:
            self = command.name.map(Self.neverWrites.contains) == true ? .none : .everything
            return
        case .unlisted:
            self = .unknownKeys
            return
        case .listed(let listed):
            description = listed
        }
        let flags = description.flags
        if flags.isSuperset(of: [.blocking, .movableKeys]) {
            // `BLMPOP`, `BZMPOP`, `XREADGROUP`: they take from lists, sorted sets and streams that are there, and never make or unmake
            // a string. A fence on all keys while one waits would switch the cache off for as long.
            self = .none
        } else if command.name == "function", description.categories.contains(.scripting) {
            // `FUNCTION LOAD` and its like are flagged `write`, as a script's place is the dataset; they change no key.
            self = .none
        } else if flags.contains(.write) || command.name == "pfcount" {
            // PFCOUNT is flagged read-only and yet may rewrite the string that it reads (it caches the count).
            self = Self.keys(of: command, description, namesKeys: namesKeys)
        } else if flags.contains(.readonly) || ReadOnlyScript.isRun(by: command, description) {
            // `EVAL_RO` and its like are flagged so, too.
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

    /// For commands flagged neither `write` nor `readonly`: `EVAL`, `FCALL`, `DEBUG`, `REPLICAOF` carry no flag and yet write, and so may a
    /// module's. Only what is known to change no key is harmless.
    private static func unflagged(_ command: CommandView, _ description: CommandDescription) -> WriteEffect {
        let categories = description.categories
        // Whatever its name was changed to: `MODULE`, `REPLICAOF`; and `EVAL`, which tells its keys elsewhere.
        let unknown: WriteEffect = categories.contains(.admin) ? .everything : .unknownKeys
        guard let name = command.name, !description.flags.contains(.movableKeys) else { return unknown }
        return HarmlessCommands.contain(name, subcommand: command.word(1), categories) ? .none : unknown
    }

    private static func keys(
        of command: CommandView, _ description: CommandDescription, namesKeys: Bool
    ) -> WriteEffect {
        guard !description.flags.contains(.movableKeys) else { return .unknownKeys }
        // `FLUSHALL` and `SWAPDB`, under whatever name: only the former is announced.
        guard description.firstKey > 0, description.keyStep > 0 else { return .everything }
        let last = description.lastKey >= 0 ? description.lastKey : command.announced + description.lastKey
        // While a large command is still being received, the keys behind the received part are not known.
        guard command.isComplete || last < command.count else { return .unknownKeys }
        let end = min(last, command.count - 1)
        guard namesKeys, description.firstKey <= end else { return .none }
        if description.keyStep > end - description.firstKey { return .key(command.copy(description.firstKey)) }
        return .severalKeys(
            stride(from: description.firstKey, through: end, by: description.keyStep).map { command.copy($0) })
    }
}
