import BackingClient
import LocalCache
import RESPParser

/// Decides where the commands of a session go, from what the session is and what is outstanding. Touches nothing.
///
/// One serves all sessions of an event loop, for as long as the server's table stays the same; a class, so that it is not copied for each
/// command.
final class CommandRouter: Sendable {
    let table: CommandTable?
    let access: CacheAccess
    /// False where nothing is kept at all: then a `GET` is a command like any other.
    let caches: Bool
    /// Of what the server takes from whom it knows.
    let limits: CommandLimits
    /// False where the server ends a connection for replies that are too long: then those that may be are not shared.
    let sharesLongReplies: Bool
    /// Which of the servers owns a key.
    let servers: ServerMap

    init(
        table: CommandTable?, access: CacheAccess, caches: Bool = true, sharesLongReplies: Bool = true,
        servers: ServerMap = ServerMap()
    ) {
        self.table = table
        self.servers = servers
        self.limits = table?.isOfRedis6 == true ? .redis6 : .redis
        self.access = access
        self.caches = caches
        self.sharesLongReplies = sharesLongReplies
    }

    /// - Parameter announcesChanges: Whether the server tells which keys have changed.
    func route(_ command: CommandView, _ session: SessionStanding, announcesChanges: Bool) -> Route {
        switch command.name {
        case "post", "host:": return .hangUp
        case "get" where caches && command.announced == 2 && command.isUnmistakable:
            if let route = route(.get, of: command, session) { return route }
        case "mget" where caches && announcesChanges && command.announced > 1 && command.isUnmistakable:
            if session.canAnswerHere, session.hasNoReads, session.mayBeAnsweredFromCache,
                let server = servers.owner(ofKeysFrom: 1, of: command)
            {
                return .multiGet(of: server)
            }
            if session.awaitsProof { return .wait }
        default: break
        }
        // A session waits on one connection at a time.
        guard session.hasNoReads, session.outstanding < Self.outstandingLimit, !session.mayLeaveConnection,
            let server = destination(of: command, session)
        else { return .wait }
        let relayed = describe(command, announcesChanges: announcesChanges)
        if session.outstanding > 0, relayed.change.waitsForEarlierReplies(under: session.replies) { return .wait }
        return .relay(relayed, to: server)
    }

    /// Where a command goes that is relayed. A session waits for replies of one server at a time. Where it has told that server something that its
    /// commands depend on, they all go there, and the server says what it thinks of keys that are not its own.
    ///
    /// - Returns: nil: it has to wait for the replies of another server.
    @inline(__always)
    private func destination(of command: CommandView, _ session: SessionStanding) -> ServerID? {
        let server = servers.server(for: command, by: table)
        if server == session.server { return server }
        // What they do to the session is known with the replies only.
        if session.outstanding > 0 { return nil }
        return session.staysWithServer ? session.server : server
    }

    /// - Returns: nil: it is a command like any other.
    @inline(__always)
    private func route(_ read: KeyRead, of command: CommandView, _ session: SessionStanding) -> Route? {
        if session.holdsRelay { return .wait }
        if session.canAnswerHere, session.mayBeAnsweredFromCache {
            guard session.takesReads, let server = servers.owner(ofKeysFrom: 1, of: command) else { return .wait }
            return .read(read, of: server)
        }
        return session.awaitsProof ? .wait : nil
    }

    /// - Parameter line: The name of a command whose arguments only the server can tell; nothing where that is not clear either.
    func route(line: CommandView, _ session: SessionStanding, announcesChanges: Bool) -> Route {
        switch line.name {
        case "post", "host:": return .hangUp
        default: break
        }
        guard session.hasNoReads, session.outstanding == 0, !session.mayLeaveConnection,
            let server = destination(of: line, session)
        else { return .wait }
        return .relay(describe(line: line, announcesChanges: announcesChanges), to: server)
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
            let hasShortReply =
                description.hasShortReply && (command.announced <= 3 || !Self.asksForLongReply(command))
            return RelayedCommand(
                change: .none, writes: writes, isBlocking: isBlocking, pins: false,
                isShareable: writes.isKnown && command.isUnmistakable && !isBlocking
                    && (hasShortReply || sharesLongReplies),
                losesOnlyReply: command.isUnmistakable && !isBlocking, hasShortReply: hasShortReply)
        }
        let description = entry.description
        let change = StateChange(of: command, entry)
        let hasShortReply = description?.hasShortReply == true && !Self.asksForLongReply(command)
        // What success leaves behind is nobody else's.
        let lasting = change == .unknown ? .unknown : Self.lasting(command, entry)
        let isBlocking = Self.blocks(command, description)
        let pins = lasting != .nothing || Self.pins(command)
        return RelayedCommand(
            change: change, writes: writes, isBlocking: isBlocking, pins: pins, lasting: lasting,
            substitute: Self.substitute(for: command),
            isShareable: change.isNone && writes.isKnown && command.isUnmistakable
                && Self.isShareable(command, description) && (hasShortReply || sharesLongReplies),
            // The reply to `SHUTDOWN` is that the connection ends.
            losesOnlyReply: change.isNone && !pins && !isBlocking && command.isUnmistakable
                && command.name != "shutdown",
            hasShortReply: hasShortReply,
            needsOffset: command.name == "wait" || command.name == "waitaof",
            involvesOtherClients: command.name == "info"
                || command.name == "client" && Self.involvesOtherClients(command),
            identifierReply: IdentifierReply(to: command), namesClients: command.mayNameClients)
    }

    /// Of the arguments of such a line nothing is known: of commands that are answered once at least the replies can be matched.
    func describe(line: CommandView, announcesChanges: Bool) -> RelayedCommand {
        guard let name = line.name, case .listed(let description) = table?.entry(for: line),
            !Self.notAnsweredOnce.contains(name)
        else {
            // With tracking all of its replies are held; nothing else would ever end a fence.
            return RelayedCommand(
                change: .unclear, writes: announcesChanges ? .none : .everything, isBlocking: true, pins: true,
                lasting: .unknown, isShareable: false, isLine: true)
        }
        let flags = description.flags
        let isRead = flags.contains(.readonly) && name != "pfcount"
        let isHarmless =
            flags.isDisjoint(with: [.write, .readonly]) && !description.hasSubcommands
            && WriteEffect(of: line, .listed(description)).isNone
        let writes: WriteEffect = isRead || isHarmless ? .none : announcesChanges ? .unknownKeys : .everything
        let change = StateChange(of: line, .listed(description))
        let lasting = description.hasSubcommands ? .unknown : Self.lasting(line, .listed(description))
        return RelayedCommand(
            change: change.isNone ? .none : .unknown, writes: writes,
            isBlocking: description.flags.contains(.blocking),
            pins: lasting != .nothing || Self.pins(line), lasting: lasting,
            isShareable: false, needsOffset: name == "wait" || name == "waitaof", isLine: true)
    }

    /// Commands whose arguments say how often they are answered, or that end what replies belong to.
    private static let notAnsweredOnce: Set<CommandName> = [
        "client", "monitor", "psubscribe", "psync", "punsubscribe", "quit", "reset", "ssubscribe", "subscribe",
        "sunsubscribe", "sync", "unsubscribe",
    ]

    private static func involvesOtherClients(_ command: CommandView) -> Bool {
        command.word(1) == "list" || command.word(1) == "kill"
    }

    /// Before Redis 7.2 the table does not say of `WAIT` that it blocks.
    private static func blocks(_ command: CommandView, _ description: CommandDescription?) -> Bool {
        if command.name == "wait" || command.name == "waitaof" { return true }
        return description?.flags.contains(.blocking) ?? (command.name.map(blocking.contains) == true)
    }

    /// What blocks on Redis 7, for as long as the server's table is not there.
    private static let blocking: Set<CommandName> = [
        "blmove", "blmpop", "blpop", "brpop", "brpoplpush", "bzmpop", "bzpopmax", "bzpopmin", "wait", "xread",
        "xreadgroup",
    ]
}
