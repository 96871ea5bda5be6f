import NIOCore

/// What a session had been answered when it was last looked at.
struct ReplyWatch: Equatable {
    var outstanding: Int
    var received: UInt64
}

/// Servers have bugs by which a reply never comes (to a wrong `AUTH` behind a `PING`, Redis 7.2 to 8.2), and some replies cannot be foreseen (to
/// `UNSUBSCRIBE` behind a subscription that `EXEC` hides). Straight, such a client hears the replies to what it sends next. So nothing waits for
/// replies for longer than a second in which none came: from then on they are passed on without being matched.
extension RESPSession {
    private static let replyPatience = TimeAmount.seconds(1)

    /// Whether the command in hand, or the last word, waits for replies that may never come.
    private var awaitsReplies: Bool {
        guard !isClosed, held == nil, case .open(let connection) = relay, connection.isAtFrameStart else {
            return false
        }
        guard !ledger.isEmpty, !ledger.isBlocked, ledger.count < CommandRouter.outstandingLimit else { return false }
        // What comes before a protocol error is answered before it. Here nobody knows how many replies that makes.
        return isWaiting || lastReply != nil && ledger.state.isUncertain
    }

    func watchReplies() {
        guard replyWatch == nil, awaitsReplies, let now = replyStanding else { return }
        replyWatch = now
        eventLoop.assumeIsolated().scheduleTask(in: Self.replyPatience) { [self] in lookAtReplies(since: now) }
    }

    private func lookAtReplies(since earlier: ReplyWatch) {
        replyWatch = nil
        guard awaitsReplies else { return }
        guard replyStanding == earlier else { return watchReplies() }
        ledger.giveUpMatching()
        process()
    }

    private var replyStanding: ReplyWatch? {
        guard case .open(let connection) = relay else { return nil }
        // Messages are no replies; they may come all the time.
        let isListening = ledger.isListening || ledger.state.isUncertain
        return ReplyWatch(outstanding: ledger.count, received: isListening ? 0 : connection.receivedBytes)
    }
}
