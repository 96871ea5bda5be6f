import RESPParser

/// Where a command of a session goes.
enum Route: Equatable, Sendable {
    /// A `GET` of one key, through the local cache.
    case read
    /// To the pinned connection.
    case relay(RelayedCommand)
    /// Nowhere yet: once something outstanding has been answered, ask again.
    case wait
    /// Redis hangs up without a word: protection against cross-protocol scripting.
    case hangUp
}

/// What must be known of a command that is relayed.
struct RelayedCommand: Equatable, Sendable {
    var change: StateChange
    var writes: WriteEffect
    var isBlocking: Bool
    /// Whether it may leave something on the connection that a new one would not have.
    var carriesState: Bool

    /// A read that leaves nothing behind.
    static let plainRead = RelayedCommand(change: .none, writes: .none, isBlocking: false, carriesState: false)
}

/// Decides where the commands of a session go, from what the session is and what is outstanding. Touches nothing.
struct CommandRouter {
    var table: CommandTable?
    var access: CacheAccess

    /// - Parameter canAnswerHere: False while the client does not take its replies: then the server keeps them, as it would
    ///   without us.
    func route(_ command: CommandView, ledger: RelayLedger, reads: ReadQueue, canAnswerHere: Bool) -> Route {
        switch command.name {
        case "post", "host:": return .hangUp
        case "get" where command.announced == 2 && command.isComplete:
            if reads.holdsRelay { return .wait }
            if canAnswerHere, ledger.isEmpty, ledger.state.mayBeAnsweredFromCache(access: access) {
                return reads.pendingCount < reads.pendingLimit ? .read : .wait
            }
        default: break
        }
        // A session waits on one connection at a time.
        guard reads.isEmpty, ledger.count < Self.outstandingLimit else { return .wait }
        if ledger.mayLeaveConnection(onReset: access.trustsClients) { return .wait }
        return .relay(describe(command))
    }

    /// Replies outstanding on a pinned connection, beyond which the client is not read any more: room for what a client library may
    /// send before it reads, and a bound on what one client can make the proxy remember.
    static let outstandingLimit = 1_000_000

    func describe(_ command: CommandView) -> RelayedCommand {
        let description = table?.description(of: command)
        return RelayedCommand(
            change: StateChange(of: command, table: table),
            writes: WriteEffect(of: command, table: table),
            isBlocking: description?.flags.contains(.blocking) ?? (command.name.map(Self.blocking.contains) == true),
            carriesState: description.map { $0.carriesState && command.name.map(Self.stateless.contains) != true }
                ?? true)
    }

    /// What blocks on Redis 7, for as long as the server's table is not there.
    private static let blocking: Set<CommandName> = [
        "blmove", "blmpop", "blpop", "brpop", "brpoplpush", "bzmpop", "bzpopmax", "bzpopmin", "wait", "xread",
        "xreadgroup",
    ]
    private static let stateless: Set<CommandName> = ["command", "echo", "ping", "publish", "pubsub", "spublish"]
}

extension CommandDescription {
    fileprivate var carriesState: Bool {
        !categories.isDisjoint(with: [.connection, .transaction, .pubsub])
    }
}
