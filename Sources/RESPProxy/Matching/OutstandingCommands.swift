import DequeModule
import Time

/// The commands of a session that were forwarded and whose replies have not ended, in their order.
struct OutstandingCommands: Sendable {
    struct Command: Sendable {
        var change: StateChange
        var writes: WriteEffect
        var isBlocking: Bool
        /// If it succeeds, the connection has something that only it has.
        var pins: Bool
        /// If it succeeds, what the connection has from then on, whatever `RESET` undoes.
        var lasting: LastingEffect = .nothing
        /// The proxy's own: its reply is not for the client.
        var own: OwnQuestion.Part?
        /// It is to become part of a transaction as it is.
        var isQueued = false
        /// From here on replies cannot be told apart by counting.
        var silences = false
        /// When it was forwarded.
        var started: Instant
        /// For subscriptions: confirmations still to come.
        var confirmations: Int?
        /// What of its reply names connections by the server's ids.
        var identifierReply = IdentifierReply.none
        /// A line that only the server can split.
        var isLine = false
        /// If its connection is lost, nothing is lost but its reply.
        var losesOnlyReply = false

        /// Whether its success changes nothing about the session or its connection, as that of nearly all commands.
        var isPlain: Bool { change.isNone && !pins && own == nil && !identifierReply.tellsOwn }
    }

    private(set) var commands: Deque<Command> = []
    /// How many of them change something about the session.
    private(set) var changes = 0
    /// How many of them may change the session's user.
    private(set) var authentications = 0

    var count: Int { commands.count }
    var isEmpty: Bool { commands.isEmpty }

    /// Whether the last of them is a line that only the server can split. By its place: taken out, the whole command would be copied.
    var endsWithLine: Bool { !commands.isEmpty && commands[commands.count - 1].isLine }

    mutating func append(_ command: Command) {
        if !command.change.isNone {
            changes += 1
            if command.change.mayChangeUser { authentications += 1 }
        }
        commands.append(command)
    }

    /// Takes the command whose reply is due; there is one.
    mutating func removeFirst() -> Command {
        let first = commands.removeFirst()
        if !first.change.isNone {
            changes -= 1
            if first.change.mayChangeUser { authentications -= 1 }
        }
        return first
    }

    /// Takes all of them: their replies will not be told apart.
    mutating func removeAll() -> Deque<Command> {
        let all = commands
        self = OutstandingCommands()
        return all
    }

    /// Takes what the first command writes: its fence comes down, or is kept elsewhere.
    mutating func takeWritesOfFirst() -> WriteEffect {
        var writes = WriteEffect.none
        swap(&writes, &commands[0].writes)
        return writes
    }

    /// One of the confirmations of the first command has come.
    ///
    /// - Returns: Whether it was the last, where their number was known beforehand.
    mutating func confirmFirst() -> Bool? {
        guard let left = commands[0].confirmations else { return nil }
        if left > 1 { commands[0].confirmations = left - 1 }
        return left <= 1
    }
}
