/// What a command changes about its session once the server has answered it; the few names whose meaning the `COMMAND` table
/// does not tell.
///
/// Over its files it is longer than 300 lines: each part of the session that goes by a change says in an extension, case by case, what that is to it.
enum StateChange: Equatable, Sendable {
    case none
    case begin, execute, discard, watch, unwatch
    case select(database: Int)
    case authenticate(user: [UInt8])
    /// `HELLO`: the version and the user that it asks for, if any, and whether it names the connection.
    case hello(version: Int?, user: [UInt8]?, setsName: Bool)
    case reset
    case quit
    /// Answered by one confirmation for each of `count` channels.
    case subscribe(SubscriptionKind, count: Int)
    /// `count` nil: from all of that kind.
    case unsubscribe(SubscriptionKind, count: Int?)
    case monitor
    case tracking(on: Bool)
    /// `CLIENT REPLY`.
    case replies(RepliesChange)
    /// `CLIENT PAUSE`, `CLIENT UNPAUSE`: of all clients.
    case pause(PauseChange)
    /// `SYNC`, `PSYNC`: from here on the connection is a raw tunnel.
    case synchronize
    /// `REPLCONF ACK`: there is no reply to it, nor a way to tell where one would have stood.
    case unanswered
    /// By the server's table it is of `@connection`, `@transaction` or `@pubsub`, but we do not know its name.
    case unknown
    /// A line that only the server can split (``CommandParseResult/line(length:)``), of a command that may have none or several replies: it is
    /// not known what it changes, nor how often it is answered.
    case unclear

    enum SubscriptionKind: Sendable { case channel, pattern, shard }

    enum RepliesChange: Sendable { case on, off, skip }

    enum PauseChange: Equatable, Sendable {
        case begin(milliseconds: Int)
        case end
    }

    /// The same as `== .none`, without comparing payloads.
    var isNone: Bool { if case .none = self { true } else { false } }

    /// The change that `command` brings if it succeeds.
    init(of command: CommandView, _ entry: TableEntry) {
        guard let name = command.name else {
            self = .none
            return
        }
        let last = command.announced - 1
        if !command.isComplete, Self.needsArguments.contains(name) {
            self = .unknown
            return
        }
        switch name {
        case "multi": self = .begin
        case "exec": self = .execute
        case "discard": self = .discard
        case "watch": self = .watch
        case "unwatch": self = .unwatch
        case "select": self = command.integer(1).map { .select(database: $0) } ?? .unknown
        case "auth": self = .authenticate(user: command.count == 3 ? command.copy(1) : DefaultUser.name)
        case "hello": self = Self.hello(command)
        // With arguments it is refused.
        case "reset": self = last == 0 ? .reset : .unknown
        case "quit": self = .quit
        case "subscribe": self = .subscribe(.channel, count: last)
        case "psubscribe": self = .subscribe(.pattern, count: last)
        case "ssubscribe": self = .subscribe(.shard, count: last)
        case "unsubscribe": self = .unsubscribe(.channel, count: last > 0 ? last : nil)
        case "punsubscribe": self = .unsubscribe(.pattern, count: last > 0 ? last : nil)
        case "sunsubscribe": self = .unsubscribe(.shard, count: last > 0 ? last : nil)
        case "monitor": self = .monitor
        case "client": self = Self.client(command)
        case "sync", "psync": self = .synchronize
        case "replconf": self = Self.replicaSetting(command)
        default: self = Self.other(name, entry)
        }
    }

    /// What these change is said by their arguments. One that is passed on before those have come is not understood.
    private static let needsArguments: Set<CommandName> = ["auth", "client", "hello", "replconf", "select"]

    private static func client(_ command: CommandView) -> StateChange {
        switch command.word(1) {
        case "pause": command.integer(2).map { .pause(.begin(milliseconds: $0)) } ?? .none
        case "unpause": .pause(.end)
        case "reply" where command.announced == 3: replies(command)
        case "tracking": .tracking(on: command.word(2) != "off")
        // Valkey shows such a client keys that have expired.
        case "import-source" where command.word(2) != "off": .unknown
        default: .none
        }
    }

    private static func replies(_ command: CommandView) -> StateChange {
        switch command.word(2) {
        case "on": .replies(.on)
        case "off": .replies(.off)
        case "skip": .replies(.skip)
        default: .none
        }
    }

    private static func replicaSetting(_ command: CommandView) -> StateChange {
        switch command.word(1) {
        case "ack", "getack": .unanswered
        default: .none
        }
    }

    /// `HELLO [protover [AUTH username password] [SETNAME name]]`, https://redis.io/docs/latest/commands/hello/.
    private static func hello(_ command: CommandView) -> StateChange {
        var user: [UInt8]?
        var setsName = false
        var index = 2
        while index < command.count {
            switch command.word(index) {
            case "auth" where index + 2 < command.count:
                user = command.copy(index + 1)
                index += 3
            default:
                setsName = true
                index += 2
            }
        }
        return .hello(version: command.integer(1), user: user, setsName: setsName)
    }

    /// Commands of those categories that change nothing that the proxy must know.
    private static let harmless: Set<CommandName> = [
        "asking", "command", "echo", "ping", "publish", "pubsub", "readonly", "readwrite", "role", "spublish", "wait",
        "waitaof",
    ]

    private static func other(_ name: CommandName, _ entry: TableEntry) -> StateChange {
        guard !harmless.contains(name), let description = entry.description else { return .none }
        let carriesState = !description.categories.isDisjoint(with: [.connection, .transaction, .pubsub])
        return carriesState ? .unknown : .none
    }
}
