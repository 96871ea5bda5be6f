import DequeModule
import RESPParser

/// Matches the replies of a session to the commands that were relayed for it, on whichever connection, and keeps what they change:
/// the session's state and the fences of its writes. A struct that touches no socket.
///
/// A change of state takes effect with the reply, not with the command.
struct RelayLedger: Sendable {
    /// A relayed command whose reply has not ended.
    private struct Outstanding: Sendable {
        var change: StateChange
        var writes: WriteEffect
        var isBlocking: Bool
        /// If it succeeds, the connection has something that only it has.
        var pins: Bool
        /// If it succeeds, what the connection has from then on, whatever `RESET` undoes.
        var lasting: SessionState.Lasting = .nothing
        /// The proxy's own: its reply is not for the client.
        var own: OwnQuestion.Part?
        /// It is to become part of a transaction as it is.
        var isQueued = false
        /// From here on replies cannot be told apart by counting.
        var silences = false
        /// When it was forwarded, in monotonic nanoseconds.
        var started: UInt64
        /// For subscriptions: confirmations still to come.
        var confirmations: Int?
        /// What of its reply names connections by the server's ids.
        var identifierReply = IdentifierReply.none

        /// Whether its success changes nothing about the session or its connection, as that of nearly all commands.
        var isPlain: Bool { change.isNone && !pins && own == nil && !identifierReply.tellsOwn }
    }

    /// As far as the server has confirmed it.
    private(set) var state = SessionState()
    /// Set by the reply to `RESET`, for the session to take note of.
    var wasReset = false
    /// Set by a reply after which the connection may have other rights, for the session to take note of.
    var rightsChanged = false
    /// Set by the reply to `CLIENT PAUSE` or `UNPAUSE`, for the session to take note of.
    var pause: StateChange.PauseChange?
    /// `RESET` was sent to end `MONITOR`.
    private var isResetting = false
    private var outstanding: Deque<Outstanding> = []
    /// The fences of writes that the open transaction has queued.
    private var queuedWrites: [WriteEffect] = []
    /// The open transaction has queued `CLIENT REPLY OFF` or `SKIP`.
    private var silencesTransaction = false
    /// The reply to an `EXEC` tells the client the server's id of its connection: nothing replaces that, so no other connection will do, for
    /// good.
    private var tellsServerIdentifier = false
    /// How many commands the open transaction has queued.
    private var queuedCommands = 0
    private var unmatched = UnmatchedFences()
    private var proof = ReplyProof()

    /// Replies still to come.
    var count: Int { outstanding.count }
    var isEmpty: Bool { outstanding.isEmpty }

    /// Whether the connection may be left, or lost, without anything being lost with it.
    var isClean: Bool { outstanding.isEmpty && state.isDefault && !tellsServerIdentifier }

    /// Whether a command of the proxy's own may go out now: its reply is told from the client's.
    var isAtRest: Bool {
        outstanding.isEmpty && !state.inTransaction && !state.isSubscribed && state.tracking == .byReply
            && state.replies == .on
    }

    /// Whether the frames that come are looked at one by one.
    var matchesReplies: Bool { state.tracking == .byReply || state.tracking == .monitoring || proof.isAsking }

    /// What is done with the reply that begins with this byte. Pushes always are for the client.
    func fate(ofReply type: UInt8) -> ReplyFate {
        guard type != UInt8(ascii: ">") else { return .passedOn }
        guard state.tracking == .byReply else { return proof.isAsking ? .judged : .passedOn }
        // By its place: taken out, the whole would be copied.
        guard !outstanding.isEmpty else { return .passedOn }
        if outstanding[0].own != nil { return .judged }
        let isSilent = outstanding[0].change.isSilent(type: type, replies: state.replies) && !outstanding[0].isQueued
        return isSilent ? .dropped : .passedOn
    }

    /// What is replaced in the reply that is due.
    var identifierReply: IdentifierReply { outstanding.isEmpty ? .none : outstanding[0].identifierReply }

    /// Whether the reply that is due may never come, or nothing tells which it is.
    var isBlocked: Bool { state.tracking != .byReply || !outstanding.isEmpty && outstanding[0].isBlocking }

    /// Whether the client is there to hear something rather than to ask: it may be silent for as long as it likes.
    var isListening: Bool { isBlocked || state.isSubscribed }

    /// Whether a log-in is under way: until it ends it is not known which limits hold for what follows.
    var isAuthenticating: Bool { authentications > 0 }
    /// Commands outstanding that may change the session's user.
    private var authentications = 0
    /// Commands outstanding that change something about the session.
    private var changes = 0

    /// Whether what follows must wait for the replies, because it may not belong on this connection, or not be what the last
    /// command makes of it.
    ///
    /// - Parameter onReset: Whether a session gets a new connection once `RESET` is answered.
    func mayLeaveConnection(onReset: Bool) -> Bool {
        guard !isResetting else { return true }
        guard changes > 0 else { return false }
        switch outstanding.last?.change {
        case .reset: return onReset
        case .synchronize, .replies: return true
        default: return false
        }
    }

    /// Whether replies must be looked at beyond finding their end.
    var needsGlimpse: Bool {
        state.inTransaction || state.isSubscribed || isResetting
            || !outstanding.isEmpty && (!outstanding[0].change.isNone || outstanding[0].pins)
    }

    // MARK: Commands

    /// A command is being forwarded.
    ///
    /// - Returns: The fence to raise before it is written.
    mutating func forwarded(_ command: RelayedCommand, now: UInt64) -> WriteEffect {
        doubt(command)
        guard state.tracking == .byReply else {
            if command.change == .reset, state.tracking == .monitoring { isResetting = true }
            // Whether it succeeds is not seen.
            state.leave(command.lasting)
            return unmatched.hold(command.writes)
        }
        var entry = Outstanding(
            change: command.change, writes: command.writes, isBlocking: command.isBlocking, pins: command.pins,
            lasting: command.lasting, started: now, identifierReply: command.identifierReply)
        switch command.change {
        case .none: break
        case .subscribe(_, let count): entry.confirmations = max(count, 1)
        case .unsubscribe(_, let count): entry.confirmations = count
        case .unanswered: entry.silences = true
        case .replies(.off), .replies(.skip):
            // Forwarded as it is: `state` is up to date, since such a command waits for those before it.
            let isAsSent = RepliesOnWire(for: command.change, in: state) == .asSent
            entry.isQueued = isAsSent && state.inTransaction
            // A subscriber under RESP2 is refused.
            let isRefused = state.isSubscribed && state.version == .resp2
            entry.silences = isAsSent && !state.inTransaction && !isRefused
        default: break
        }
        if !command.change.isNone {
            changes += 1
            if command.change.mayChangeUser { authentications += 1 }
        }
        outstanding.append(entry)
        adoptUnmatched()
        return command.writes
    }

    /// Replies cannot be told any more from what comes by itself, or which command each belongs to. That holds as long as the connection:
    /// nothing that looks like the reply to `RESET` ends it.
    mutating func giveUpMatching() {
        state.tracking = .unmatched
        adoptUnmatched()
    }

    // MARK: Certainty

    private mutating func doubt(_ command: RelayedCommand) {
        proof.forwarded(command.change, pins: command.pins)
        if proof.isInDoubt { state.isProven = false }
    }

    /// The session's state if it proves to be what the replies have made of it, where the server is to be asked about that now.
    var stateToProve: SessionState? {
        guard proof.isDue, outstanding.isEmpty, !state.inTransaction, state.tracking == .byReply, state.replies == .on,
            // Under RESP2 PING has another reply then.
            !state.isSubscribed || state.version == .resp3
        else { return nil }
        var state = state
        state.isProven = true
        return state
    }

    /// Whether the client's next reads have to wait for an answer of the server to the proxy's own question.
    var awaitsProof: Bool { proof.isAsking && state.tracking == .byReply }

    /// A question that asks for what is not certain.
    func question(newUser: [UInt8]) -> OwnQuestion {
        OwnQuestion(asksStanding: proof.doubt == .standing, newUser: newUser)
    }

    /// The client has sent an empty line, which is a command to the server: it takes what `CLIENT REPLY SKIP` leaves to the next.
    ///
    /// - Returns: False while it is not known yet whether anything is left to it.
    mutating func takeEmptyCommand() -> Bool {
        if case .replies(.skip) = outstanding.last?.change { return false }
        if outstanding.isEmpty, state.replies == .skipsNext { state.replies = .on }
        return true
    }

    /// A question of the proxy's own is being sent; nothing is outstanding.
    mutating func ask(_ question: OwnQuestion, now: UInt64) {
        proof.ask(question)
        for part in question.parts {
            outstanding.append(
                Outstanding(change: .none, writes: .none, isBlocking: false, pins: false, own: part, started: now))
        }
    }

    /// A frame has ended that may answer a question of the proxy's own.
    ///
    /// - Returns: Whether it does, and so is not for the client.
    mutating func answered(_ reply: ReplyGlimpse) -> Bool {
        guard state.tracking == .byReply, let part = outstanding.first?.own else { return proof.takes(reply) }
        switch proof.received(reply, for: part, state: state) {
        case .goesOn, .unanswered: break
        case .proven: state.isProven = true
        case .denied:
            _ = takeFront()
            giveUpMatching()
            return true
        case .displaced:
            let isOwn = proof.takes(reply)
            giveUpMatching()
            return isOwn
        }
        _ = takeFront()
        return true
    }

    /// Whether the server has refused to say what the session is, so that it is not answered from the cache.
    var isProofRefused: Bool { proof.isRefused }

    // MARK: Replies

    /// The first byte of a frame has arrived.
    ///
    /// - Returns: The fences to lower before anything of it is passed on.
    mutating func replyBegins(type: UInt8) -> Fences {
        guard state.tracking == .byReply, type != UInt8(ascii: ">"), !outstanding.isEmpty else { return .none }
        if !outstanding[0].change.isNone {
            switch outstanding[0].change {
            case .synchronize:
                // Refused, it was a command like any other; otherwise what comes is no reply any more.
                if type != UInt8(ascii: "-") { state.tracking = .tunnel }
                return Fences(takeWritesOfFront())
            case .execute, .discard, .reset:
                // An error may leave the transaction open: that is decided at the end of the reply.
                guard type != UInt8(ascii: "-") else { return .none }
                let fences = Fences(takeWritesOfFront(), takeQueuedWrites())
                if silencesTransaction, outstanding[0].change == .execute, type == UInt8(ascii: "*") {
                    state.tracking = .unmatched
                    adoptUnmatched()
                }
                return fences
            default: break
            }
        }
        let writes = takeWritesOfFront()
        guard state.inTransaction else { return Fences(writes) }
        if !writes.isNone { queuedWrites.append(writes) }
        return .none
    }

    /// A frame has ended.
    ///
    /// - Returns: The fences to lower before anything after it is passed on, and when the command that it ends was forwarded.
    mutating func replyEnded(_ reply: ReplyGlimpse) -> (fences: Fences, started: UInt64?) {
        if isResetting, reply.starts(with: "+RESET\r\n") {
            let lasting = state.lasting
            let fences = connectionEnded()
            state.leave(lasting)
            wasReset = true
            rightsChanged = true
            proof.forwarded(.reset, pins: false)
            state.isProven = false
            return (Fences(.none, fences), nil)
        }
        guard state.tracking == .byReply else { return (.none, nil) }
        if !outstanding.isEmpty, outstanding[0].change.subscriptionKind != nil,
            outstanding[0].change.isConfirmed(by: reply.messageKind)
        {
            let front = outstanding[0]
            return (.none, confirm(front.change, reply) ? front.started : nil)
        }
        guard !comesByItself(reply) else { return (.none, nil) }
        guard !outstanding.isEmpty, reply.type != UInt8(ascii: ">") else {
            // Nobody has asked for that: one before it must have been another's, too.
            giveUpMatching()
            return (.none, nil)
        }
        let front = takeFront()
        if state.replies == .skipsNext { state.replies = .on }
        // The server closes behind it, and the client is to see that.
        if reply.isError, reply.starts(with: "-ERR Protocol error") { state.isPinned = true }
        let fences = front.isPlain && !state.inTransaction ? .none : Fences(.none, apply(front, reply))
        adoptUnmatched()
        return (fences, front.started)
    }

    private mutating func takeFront() -> Outstanding {
        let front = outstanding.removeFirst()
        if !front.change.isNone {
            changes -= 1
            if front.change.mayChangeUser { authentications -= 1 }
        }
        return front
    }

    /// The connection has ended, with whatever was outstanding on it.
    ///
    /// - Returns: Every fence that is still up.
    mutating func connectionEnded() -> [WriteEffect] {
        var fences = outstanding.map(\.writes).filter { !$0.isNone } + queuedWrites
        fences += unmatched.all
        // What any connection would have outlives this one.
        let state = state.isDefault ? state : SessionState()
        self = RelayLedger()
        self.state = state
        return fences
    }

    /// The session has given up its connection, with what was left on that and whatever was in doubt there, for one that has nothing.
    mutating func connectionReplaced() {
        proof = ReplyProof()
        state = SessionState()
    }

    // MARK: Effects

    private mutating func takeWritesOfFront() -> WriteEffect {
        var writes = WriteEffect.none
        swap(&writes, &outstanding[0].writes)
        return writes
    }

    private mutating func takeQueuedWrites() -> [WriteEffect] {
        defer { queuedWrites.removeAll() }
        return queuedWrites
    }

    /// Whether a frame is none that a command asks for: a push, or a message under RESP2.
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

    /// - Returns: Whether that was the last confirmation of the command.
    private mutating func confirm(_ change: StateChange, _ reply: ReplyGlimpse) -> Bool {
        if let total = reply.trailingInteger, let kind = change.subscriptionKind {
            state.setSubscriptions(of: kind, total: total)
        }
        if let left = outstanding[0].confirmations, left > 1 {
            outstanding[0].confirmations = left - 1
            return false
        }
        // An unsubscription from all is confirmed once for each that there was, or once where there was none.
        if outstanding[0].confirmations == nil, let kind = change.subscriptionKind, state.subscriptions(of: kind) > 0 {
            return false
        }
        _ = takeFront()
        if state.replies == .skipsNext { state.replies = .on }
        adoptUnmatched()
        return true
    }

    private mutating func apply(_ command: Outstanding, _ reply: ReplyGlimpse) -> [WriteEffect] {
        let change = command.change
        if state.inTransaction, !change.endsTransaction {
            guard reply.starts(with: "+QUEUED\r\n") else {
                if !reply.isError { giveUpMatching() }
                return []
            }
            queuedCommands += 1
            if command.isQueued { silencesTransaction = true }
            if command.identifierReply.tellsOwn { tellsServerIdentifier = true }
            state.queuedLasting = max(state.queuedLasting, command.lasting)
            if case .pause(let change) = change { state.queuedPause = change }
            if change.subscriptionKind != nil { state.transactionSubscribes = true }
            switch change {
            case .none, .replies, .pause: if command.pins || command.isQueued { state.transactionChangesState = true }
            default: state.transactionChangesState = true
            }
            return []
        }
        switch change.form(of: reply, version: state.version, queued: queuedCommands) {
        case .success: break
        case .wrong:
            giveUpMatching()
            return []
        case .refused:
            // It may have logged in before it failed over a later option.
            if case .hello(_, .some, _) = change, !reply.starts(with: "-WRONGPASS"), !reply.starts(with: "-NOPROTO") {
                state.isUncertain = true
            }
            guard change == .execute, reply.starts(with: "-EXECABORT") else { return [] }
            endTransaction()
            return takeQueuedWrites()
        }
        if command.pins { state.isPinned = true }
        state.leave(command.lasting)
        switch change {
        case .none, .quit, .subscribe, .unsubscribe, .synchronize, .unanswered: break
        case .replies(.on): state.replies = .on
        case .replies(.off): state.replies = .off
        case .replies(.skip): if state.replies == .on { state.replies = .skipsNext }
        case .begin: state.inTransaction = true
        case .execute:
            // What it did to the session is hidden in the array: such a session is relayed from here on.
            if state.transactionChangesState { state.isUncertain = true }
            state.leave(state.queuedLasting)
            // Nothing was done where the array is nil: a watched key had changed.
            if let queued = state.queuedPause, !reply.starts(with: "*-1"), !reply.starts(with: "_") { pause = queued }
            endTransaction()
        case .discard: endTransaction()
        case .watch: state.isWatching = true
        case .unwatch: state.isWatching = false
        case .select(let database): state.database = database
        case .authenticate(let user):
            state.user = .named(user)
            rightsChanged = true
        case .hello(let version, let user, let setsName):
            if let version, let version = RESPVersion(rawValue: version) { state.version = version }
            if let user {
                state.user = .named(user)
                rightsChanged = true
            }
            if setsName { state.isPinned = true }
        case .reset:
            state.reset()
            // What looks like the reply to RESET proves nothing.
            state.isProven = false
            silencesTransaction = false
            queuedCommands = 0
            wasReset = true
            rightsChanged = true
        case .pause(let change): pause = change
        case .monitor: state.tracking = .monitoring
        case .tracking(let on): state.isTracked = on
        case .unknown, .unclear: state.isUncertain = true
        }
        return []
    }

    private mutating func endTransaction() {
        state.endTransaction()
        silencesTransaction = false
        queuedCommands = 0
    }

    /// Gives up matching once everything before a command that ends it has been answered.
    private mutating func adoptUnmatched() {
        guard changes > 0 || state.tracking != .byReply, !outstanding.isEmpty else { return }
        if outstanding[0].silences { state.tracking = .unmatched }
        guard state.tracking != .byReply else { return }
        for entry in outstanding {
            holdRaised(entry.writes)
            state.leave(entry.lasting)
            if entry.change == .reset, state.tracking == .monitoring { isResetting = true }
        }
        outstanding.removeAll()
        authentications = 0
        changes = 0
    }

    /// Keeps a fence up that is up already, of a write that will not be matched to its reply: each stays up once more than it was.
    private mutating func holdRaised(_ writes: WriteEffect) {
        if !writes.isNone { queuedWrites.append(writes) }
    }
}
