import RESPParser

/// Where a command of a session goes.
enum Route: Equatable, Sendable {
    /// A `GET` of one key, through the local cache.
    case read
    /// `MGET`, through the local cache if it has all keys; otherwise relayed.
    case readTogether
    /// To the backing, on a connection that is shared or the session's own.
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
    /// Whether it leaves something on its connection, if it succeeds, that no other has and that ``change`` does not tell.
    var pins: Bool
    /// Whether it may go on a connection that other sessions use too.
    var isShareable: Bool
    /// `WAIT` counts its own connection's writes: it needs one that has done something.
    var needsOffset = false
    /// It tells of the server's clients, or ends them.
    var concernsClients = false

    /// A read whose reply is expected to be large.
    static let largeRead = RelayedCommand(
        change: .none, writes: .none, isBlocking: false, pins: false, isShareable: false)
}

/// What of a session decides where its next command goes.
struct SessionStanding: Equatable, Sendable {
    /// Nothing that was relayed is unanswered, and the session may be given what the cache holds.
    var mayBeAnsweredFromCache: Bool
    /// False while the client does not take its replies: then the server keeps them, as it would without us.
    var canAnswerHere: Bool
    /// A read that is to be relayed waits for its turn.
    var holdsRelay: Bool
    /// The server has been asked what the session is.
    var awaitsProof: Bool
    /// No read waits for its turn.
    var hasNoReads: Bool
    /// More reads may wait.
    var takesReads: Bool
    /// Replies outstanding to what was relayed.
    var outstanding: Int
    /// Whether what follows must wait, because it may not belong on the connection that the last command went on.
    var mayLeaveConnection: Bool
    /// Which replies the client gets.
    var replies: SessionState.Replies
}

/// Decides where the commands of a session go, from what the session is and what is outstanding. Touches nothing.
///
/// One serves all sessions of an event loop, for as long as the server's table stays the same; a class, so that it is not copied for each
/// command.
final class CommandRouter: Sendable {
    let table: CommandTable?
    let access: CacheAccess
    /// False where nothing is kept at all: then a `GET` is a command like any other.
    let caches: Bool

    init(table: CommandTable?, access: CacheAccess, caches: Bool = true) {
        self.table = table
        self.access = access
        self.caches = caches
    }

    /// - Parameter announcesChanges: Whether the server tells which keys have changed.
    func route(_ command: CommandView, _ session: SessionStanding, announcesChanges: Bool) -> Route {
        switch command.name {
        case "post", "host:": return .hangUp
        case "get" where caches && command.announced == 2 && command.isComplete:
            if session.holdsRelay { return .wait }
            if session.canAnswerHere, session.mayBeAnsweredFromCache { return session.takesReads ? .read : .wait }
            if session.awaitsProof { return .wait }
        case "mget" where caches && announcesChanges && command.announced > 1 && command.isComplete:
            if session.canAnswerHere, session.hasNoReads, session.mayBeAnsweredFromCache { return .readTogether }
            if session.awaitsProof { return .wait }
        default: break
        }
        // A session waits on one connection at a time.
        guard session.hasNoReads, session.outstanding < Self.outstandingLimit, !session.mayLeaveConnection else {
            return .wait
        }
        let relayed = describe(command, announcesChanges: announcesChanges)
        if session.outstanding > 0, relayed.change.settlesFirst(under: session.replies) { return .wait }
        return .relay(relayed)
    }

    /// Replies outstanding on a pinned connection, beyond which the client is not read any more: room for what a client library may
    /// send before it reads, and a bound on what one client can make the proxy remember.
    static let outstandingLimit = 1_000_000

    func describe(_ command: CommandView, announcesChanges: Bool) -> RelayedCommand {
        let entry = table?.entry(for: command) ?? .noTable
        var writes = WriteEffect(of: command, entry, namesKeys: caches)
        if case .unknownKeys = writes, !announcesChanges { writes = .everything }
        if case .listed(let description) = entry, description.isPlain {
            // Nearly all that is relayed: it changes nothing but keys.
            let isBlocking = description.flags.contains(.blocking)
            return RelayedCommand(
                change: .none, writes: writes, isBlocking: isBlocking, pins: false,
                isShareable: writes.isKnown && command.isComplete && !isBlocking)
        }
        let description = entry.description
        let change = StateChange(of: command, entry)
        return RelayedCommand(
            change: change, writes: writes,
            isBlocking: description?.flags.contains(.blocking) ?? (command.name.map(Self.blocking.contains) == true),
            pins: table != nil && Self.pins(command, description),
            isShareable: change.isNone && writes.isKnown && command.isComplete
                && Self.isShareable(command, description),
            needsOffset: command.name == "wait" || command.name == "waitaof",
            concernsClients: command.name == "info" || command.name == "client" && Self.concernsClients(command))
    }

    private static func concernsClients(_ command: CommandView) -> Bool {
        command.word(1) == "list" || command.word(1) == "kill"
    }

    /// What blocks on Redis 7, for as long as the server's table is not there.
    private static let blocking: Set<CommandName> = [
        "blmove", "blmpop", "blpop", "brpop", "brpoplpush", "bzmpop", "bzpopmax", "bzpopmin", "wait", "xread",
        "xreadgroup",
    ]
}
