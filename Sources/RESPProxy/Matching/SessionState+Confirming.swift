import RESPParser

/// What becomes of a session with the replies of the server.
extension SessionState {
    /// A command has succeeded.
    ///
    /// - Returns: What others must hear of.
    mutating func succeeded(_ change: StateChange, _ reply: ReplyGlimpse) -> ConfirmedEvent {
        switch change {
        case .none, .quit, .subscribe, .unsubscribe, .synchronize, .unanswered: break
        case .replies(.on): replies = .on
        case .replies(.off): replies = .off
        case .replies(.skip): if replies == .on { replies = .skipsNext }
        case .begin: inTransaction = true
        case .execute: return executed(reply)
        case .discard: endTransaction()
        case .watch: isWatching = true
        case .unwatch: isWatching = false
        case .select(let database): self.database = database
        case .authenticate(let user):
            self.user = .named(user)
            return .loggedIn
        case .hello(let version, let user, let setsName):
            if let version, let version = RESPVersion(rawValue: version) { self.version = version }
            if setsName { isPinned = true }
            guard let user else { break }
            self.user = .named(user)
            return .loggedIn
        case .reset:
            reset()
            // What looks like the reply to RESET proves nothing.
            isProven = false
            return .reset
        case .pause(let change): return .paused(change)
        case .monitor: matching = .monitoring
        case .tracking(let on): isTracked = on
        case .unknown, .unclear: isUncertain = true
        }
        return .none
    }

    private mutating func executed(_ reply: ReplyGlimpse) -> ConfirmedEvent {
        // What it did to the session is hidden in the array: such a session is relayed from here on.
        if queued.changesState { isUncertain = true }
        leave(queued.lasting)
        let pause = queued.pause
        endTransaction()
        // Nothing was done where the reply is nil: a watched key had changed.
        guard let pause, !reply.starts(with: "*-1"), !reply.starts(with: "_") else { return .none }
        return .paused(pause)
    }

    /// A command was answered with an error.
    ///
    /// - Returns: Whether that has ended the open transaction.
    mutating func refused(_ change: StateChange, _ reply: ReplyGlimpse) -> Bool {
        // It may have logged in before it failed over a later option.
        if case .hello(_, .some, _) = change, !reply.starts(with: "-WRONGPASS"), !reply.starts(with: "-NOPROTO") {
            isUncertain = true
        }
        guard change == .execute, reply.starts(with: "-EXECABORT") else { return false }
        endTransaction()
        return true
    }

    mutating func endTransaction() {
        inTransaction = false
        queued = QueuedTransaction()
        isWatching = false
    }

    /// The server counts channels and patterns together, shard channels apart.
    mutating func setSubscriptions(of kind: StateChange.SubscriptionKind, total: Int) {
        switch kind {
        case .channel: channels = max(0, total - patterns)
        case .pattern: patterns = max(0, total - channels)
        case .shard: shardChannels = max(0, total)
        }
    }

    func subscriptions(of kind: StateChange.SubscriptionKind) -> Int {
        switch kind {
        case .channel: channels
        case .pattern: patterns
        case .shard: shardChannels
        }
    }
}
