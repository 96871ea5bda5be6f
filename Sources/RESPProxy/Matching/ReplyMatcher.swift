import RESPParser
import Time

/// Matches the replies of a session to the commands that were relayed for it, on whichever connection, and keeps what they change:
/// the session's state and the fences of its writes. A struct that touches no socket.
///
/// A change of state takes effect with the reply, not with the command.
///
/// Longer than 300 lines: matching and proof change the same queue of commands, and that nothing else does is what they rest on.
struct ReplyMatcher: Sendable {
    /// As far as the server has confirmed it.
    private(set) var state: SessionState
    private var outstanding = OutstandingCommands()
    /// The fences that outlive the reply to their command: of what the open transaction has queued, and of what was outstanding when matching
    /// ended.
    private var keptFences: [WriteEffect] = []
    private var unmatched = UnmatchedFences()
    /// `RESET` was sent to end `MONITOR`.
    private var isResetting = false
    /// `RESET` was sent, and whether the server has done it is not known: it was answered with something else, or replies have ceased to be
    /// matched.
    private(set) var hasLostReset = false
    /// The reply to an `EXEC` has told the client the server's own id of its connection, since ids inside arrays are not replaced: the client
    /// keeps this connection for good.
    private var tellsServerIdentifier = false
    private var proof = ReplyProof()

    /// - Parameter state: What the session begins as.
    init(_ state: SessionState = SessionState()) {
        self.state = state
    }

    // MARK: What is outstanding

    /// Replies still to come.
    var count: Int { outstanding.count }
    var isEmpty: Bool { outstanding.isEmpty }

    /// Whether the connection may be left, or lost, without anything being lost with it.
    var isClean: Bool { outstanding.isEmpty && state.isDefault && !tellsServerIdentifier }

    /// Whether nothing would be lost with the connection but replies that are still to come.
    var losesOnlyReplies: Bool {
        state.isDefault && !tellsServerIdentifier && outstanding.commands.allSatisfy(\.losesOnlyReply)
    }

    /// Whether the proxy may ask something of its own now: nothing of the client's is outstanding that the answer could be taken for.
    var isAtRest: Bool {
        outstanding.isEmpty && !state.inTransaction && !state.isSubscribed && state.matching == .byReply
            && state.replies == .on
    }

    /// Whether the frames that come are looked at one by one.
    var matchesReplies: Bool { state.matching == .byReply || state.matching == .monitoring || proof.isAsking }

    /// Whether the reply that is due may never come, or nothing tells which it is.
    var isBlocked: Bool { state.matching != .byReply || !outstanding.isEmpty && outstanding.commands[0].isBlocking }

    /// Whether the client is there to hear something rather than to ask: it may be silent for as long as it likes.
    var isListening: Bool { isBlocked || state.isSubscribed }

    /// Whether nothing may follow before what was sent is answered: if a line turns out to be malformed the server closes behind it.
    var isBehindLine: Bool { outstanding.endsWithLine }

    /// Whether a log-in is under way: until it ends it is not known which limits hold for what follows.
    var isAuthenticating: Bool { outstanding.authentications > 0 }

    /// Whether the next command must wait for the replies, because the last one may change which connection it belongs on, or how it is
    /// understood.
    ///
    /// - Parameter onReset: Whether a session gets a new connection once `RESET` is answered.
    func mayLeaveConnection(onReset: Bool) -> Bool {
        guard !isResetting else { return true }
        guard outstanding.changes > 0 else { return false }
        switch outstanding.commands.last?.change {
        case .reset: return onReset
        case .synchronize, .replies: return true
        default: return false
        }
    }

    // MARK: Commands

    /// A command is being forwarded.
    ///
    /// - Returns: The fence to raise before it is written.
    mutating func forwarded(_ command: RelayedCommand, now: Instant) -> WriteEffect {
        proof.forwarded(command.change, pins: command.pins)
        if proof.isInDoubt { state.isProven = false }
        guard state.matching == .byReply else {
            if command.change == .reset, state.matching == .monitoring { isResetting = true }
            // Whether it succeeds is not seen.
            state.leave(command.lasting)
            return unmatched.hold(command.writes)
        }
        var entry = OutstandingCommands.Command(
            change: command.change, writes: command.writes, isBlocking: command.isBlocking, pins: command.pins,
            lasting: command.lasting, started: now, identifierReply: command.identifierReply, isLine: command.isLine,
            losesOnlyReply: command.losesOnlyReply)
        switch command.change {
        case .none: break
        case .subscribe(_, let count): entry.confirmations = max(count, 1)
        case .unsubscribe(_, let count): entry.confirmations = count
        case .unanswered: entry.silences = true
        case .replies(.off), .replies(.skip):
            // Forwarded as it is: `state` is up to date, since such a command waits for those before it.
            let isAsSent = ClientReplyRewrite(for: command.change, in: state) == .asSent
            entry.isQueued = isAsSent && state.inTransaction
            // A subscriber under RESP2 is refused.
            let isRefused = state.isSubscribed && state.version == .resp2
            entry.silences = isAsSent && !state.inTransaction && !isRefused
        default: break
        }
        outstanding.append(entry)
        endMatchingIfSilenced()
        return command.writes
    }

    /// The client has sent an empty line, which is a command to the server: it takes what `CLIENT REPLY SKIP` leaves to the next.
    ///
    /// - Returns: False while it is not known yet whether anything is left to it.
    mutating func takeEmptyCommand() -> Bool {
        if case .replies(.skip) = outstanding.commands.last?.change { return false }
        if outstanding.isEmpty, state.replies == .skipsNext { state.replies = .on }
        return true
    }

    /// From here on nothing tells which command a reply belongs to, or whether a frame is a reply at all. That holds for as long as the
    /// connection: not even what looks like the reply to `RESET` ends it.
    mutating func giveUpMatching() {
        state.matching = .unmatched
        endMatchingIfSilenced()
    }

    /// Matching ends with a command that silences the server, once everything before that has been answered.
    private mutating func endMatchingIfSilenced() {
        guard outstanding.changes > 0 || state.matching != .byReply, !outstanding.isEmpty else { return }
        if outstanding.commands[0].silences { state.matching = .unmatched }
        guard state.matching != .byReply else { return }
        for command in outstanding.removeAll() {
            // Up already: each stays up once more than it was.
            if !command.writes.isNone { keptFences.append(command.writes) }
            state.leave(command.lasting)
            guard command.change == .reset else { continue }
            if state.matching == .monitoring { isResetting = true } else { hasLostReset = true }
        }
    }

    // MARK: Replies

    /// The first byte of a frame has arrived.
    mutating func replyBegins(type: UInt8) -> ReplyBeginning {
        guard state.matching == .byReply, type != UInt8(ascii: ">"), !outstanding.isEmpty else {
            return ReplyBeginning()
        }
        if !outstanding.commands[0].change.isNone {
            switch outstanding.commands[0].change {
            case .synchronize:
                // Refused, it was a command like any other; otherwise what comes is no reply any more.
                let isAccepted = type != UInt8(ascii: "-")
                if isAccepted { state.matching = .tunnel }
                return ReplyBeginning(fences: Fences(outstanding.takeWritesOfFirst()), becomesTunnel: isAccepted)
            case .execute, .discard, .reset:
                // An error may leave the transaction open: that is decided at the end of the reply.
                guard type != UInt8(ascii: "-") else { return ReplyBeginning() }
                let fences = Fences(outstanding.takeWritesOfFirst(), takeKeptFences())
                if state.queued.silences, outstanding.commands[0].change == .execute, type == UInt8(ascii: "*") {
                    giveUpMatching()
                }
                return ReplyBeginning(fences: fences)
            default: break
            }
        }
        let writes = outstanding.takeWritesOfFirst()
        guard state.inTransaction else { return ReplyBeginning(fences: Fences(writes)) }
        if !writes.isNone { keptFences.append(writes) }
        return ReplyBeginning()
    }

    /// How the reply that begins with this byte is dealt with. Pushes always are for the client.
    func treatment(ofReply type: UInt8) -> ReplyTreatment {
        var treatment = ReplyTreatment()
        treatment.needsGlimpse = state.inTransaction || state.isSubscribed || isResetting
        let isPush = type == UInt8(ascii: ">")
        guard state.matching == .byReply, !outstanding.isEmpty else {
            // After the matching has ended an answer may still come.
            if state.matching != .byReply, proof.isAsking, !isPush { treatment.fate = .judged }
            return treatment
        }
        // By its place: taken out, the whole command would be copied.
        if !outstanding.commands[0].change.isNone || outstanding.commands[0].pins { treatment.needsGlimpse = true }
        guard !isPush else { return treatment }
        if outstanding.commands[0].own != nil {
            treatment.fate = .judged
        } else if outstanding.commands[0].change.isSilent(type: type, replies: state.replies),
            !outstanding.commands[0].isQueued
        {
            treatment.fate = .dropped
        } else {
            treatment.replacing = outstanding.commands[0].identifierReply
        }
        return treatment
    }

    /// A frame has ended.
    mutating func replyEnded(_ reply: ReplyGlimpse) -> MatchedReply {
        if isResetting {
            if reply.starts(with: "+RESET\r\n") { return monitoringEnded() }
            // Nothing waits for it any more.
            if reply.saysUnknownReset {
                isResetting = false
                hasLostReset = true
            }
        }
        guard state.matching == .byReply else { return MatchedReply() }
        if !outstanding.isEmpty, outstanding.commands[0].change.subscriptionKind != nil,
            outstanding.commands[0].change.isConfirmed(by: reply.messageKind)
        {
            return confirmed(outstanding.commands[0].change, reply)
        }
        guard !comesByItself(reply) else { return MatchedReply() }
        guard !outstanding.isEmpty, reply.type != UInt8(ascii: ">") else {
            // No command is left for it: an earlier one must have been given to the wrong command, too.
            giveUpMatching()
            return MatchedReply()
        }
        let command = outstanding.removeFirst()
        if state.replies == .skipsNext { state.replies = .on }
        var matched = MatchedReply(started: command.started)
        if reply.isError, reply.starts(with: "-ERR Protocol error") {
            // The server closes behind it, and the client is to see that.
            state.isPinned = true
            matched.endsInput = command.isLine
        }
        if !command.isPlain || state.inTransaction { apply(command, reply, to: &matched) }
        endMatchingIfSilenced()
        return matched
    }

    private mutating func monitoringEnded() -> MatchedReply {
        let lasting = state.lasting
        let fences = connectionEnded()
        state.leave(lasting)
        state.reset()
        proof.forwarded(.reset, pins: false)
        state.isProven = false
        return MatchedReply(fences: Fences(.none, fences), event: .reset)
    }

    /// Whether the server has sent a frame by itself: a push, or under RESP2 a message.
    private mutating func comesByItself(_ reply: ReplyGlimpse) -> Bool {
        let isPush = reply.type == UInt8(ascii: ">")
        guard isPush || state.isSubscribed, let kind = reply.messageKind else { return isPush }
        if kind == .sunsubscribe, let total = reply.trailingInteger {
            // The server ends subscriptions to shard channels by itself when their slot moves.
            state.setSubscriptions(of: .shard, total: total)
            return true
        }
        return kind.isPublished
    }

    /// One of the confirmations of a subscription, or of the end of one, has come.
    private mutating func confirmed(_ change: StateChange, _ reply: ReplyGlimpse) -> MatchedReply {
        guard let kind = change.subscriptionKind else { return MatchedReply() }
        if let total = reply.trailingInteger { state.setSubscriptions(of: kind, total: total) }
        // An unsubscription from all is confirmed once for each that there was, or once where there was none.
        guard outstanding.confirmFirst() ?? (state.subscriptions(of: kind) == 0) else { return MatchedReply() }
        let command = outstanding.removeFirst()
        if state.replies == .skipsNext { state.replies = .on }
        endMatchingIfSilenced()
        return MatchedReply(started: command.started)
    }

    private mutating func apply(
        _ command: OutstandingCommands.Command, _ reply: ReplyGlimpse, to matched: inout MatchedReply
    ) {
        let change = command.change
        if state.inTransaction, !change.endsTransaction {
            if reply.starts(with: "+QUEUED\r\n") {
                state.queued.add(command)
                if command.identifierReply.tellsOwn { tellsServerIdentifier = true }
            } else if !reply.isError {
                giveUpMatching()
            }
            return
        }
        let form = change.form(of: reply, version: state.version, queued: state.queued.count)
        // No server that knows it refuses it: that may have been the reply to something else.
        if change == .reset, form != .success { hasLostReset = true }
        switch form {
        case .success:
            if command.pins { state.isPinned = true }
            state.leave(command.lasting)
            matched.event = state.succeeded(change, reply)
        case .refused:
            if state.refused(change, reply) { matched.fences = Fences(.none, takeKeptFences()) }
        case .wrong:
            giveUpMatching()
        }
    }

    private mutating func takeKeptFences() -> [WriteEffect] {
        defer { keptFences.removeAll() }
        return keptFences
    }

    // MARK: The connection

    /// The connection has ended, with whatever was outstanding on it.
    ///
    /// - Returns: Every fence that is still up.
    mutating func connectionEnded() -> [WriteEffect] {
        let fences = outstanding.commands.map(\.writes).filter { !$0.isNone } + keptFences + unmatched.all
        // What every connection of the session has in common outlives this one.
        self = ReplyMatcher(state.isDefault ? state : state.beginning)
        return fences
    }

    /// The session gets a new connection, on which nothing is left and nothing in doubt.
    mutating func connectionReplaced() {
        proof = ReplyProof()
        state = state.beginning
        hasLostReset = false
    }

    /// The session has got a connection on which the proxy has logged in the user of the client's certificate.
    mutating func certificateLoggedIn(as user: [UInt8]) {
        state.user = .named(user)
    }
}

// MARK: - Proof

extension ReplyMatcher {
    /// What the session would be if the replies have shown it rightly; nil where the server is not to be asked about that now.
    var stateToProve: SessionState? {
        guard proof.isDue, outstanding.isEmpty, !state.inTransaction, state.matching == .byReply, state.replies == .on,
            // Under RESP2 PING has another reply then. Under RESP3 nothing hangs on the answer until a subscriber says something else, and
            // `CLIENT LIST` shows `SUBSCRIBE` as its last command, as libraries expect that look for subscribers there.
            !state.isSubscribed || state.version == .resp3 && !proof.mayOnlyListen
        else { return nil }
        var state = state
        state.isProven = true
        return state
    }

    /// Whether the client's next reads have to wait for an answer of the server to the proxy's own question.
    var awaitsProof: Bool { proof.isAsking && state.matching == .byReply }

    /// A question that asks for what is not certain.
    func question(newUser: [UInt8]) -> OwnQuestion {
        OwnQuestion(asksStanding: proof.doubt == .standing, newUser: newUser)
    }

    /// A question of the proxy's own is being sent; nothing is outstanding.
    mutating func ask(_ question: OwnQuestion, now: Instant) {
        proof.ask(question)
        for part in question.parts {
            outstanding.append(
                OutstandingCommands.Command(
                    change: .none, writes: .none, isBlocking: false, pins: false, own: part, started: now))
        }
    }

    /// A frame has ended that may answer a question of the proxy's own.
    mutating func judge(_ reply: ReplyGlimpse) -> JudgedReply {
        guard state.matching == .byReply, let part = outstanding.commands.first?.own else {
            return proof.takes(reply) ? .own : .clients
        }
        switch proof.received(reply, for: part, state: state) {
        case .goesOn: break
        case .unanswered:
            _ = outstanding.removeFirst()
            return proof.isRefused ? .ownRefused : .own
        case .proven: state.isProven = true
        case .denied:
            _ = outstanding.removeFirst()
            giveUpMatching()
            return .own
        case .displaced:
            let isOwn = proof.takes(reply)
            giveUpMatching()
            return isOwn ? .own : .clients
        }
        _ = outstanding.removeFirst()
        return .own
    }
}
