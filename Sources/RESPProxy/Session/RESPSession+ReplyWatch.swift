import NIOCore

/// What a session had been answered when it was last looked at.
struct ReplyWatch: Equatable {
    var outstanding: Int
    var received: UInt64
}

/// A client that is held up: the command in hand, or the proxy's last word to it, waits for replies.
///
/// Servers have bugs by which a reply never comes (to a wrong `AUTH` behind a `PING`, Redis 7.2 to 8.2), and some replies cannot be foreseen (to
/// `UNSUBSCRIBE` behind a subscription that `EXEC` hides). Straight, such a client hears the replies to what it sends next. So nothing waits for
/// replies for longer than a second in which none came: from then on they are passed on without being matched.
///
/// Behind a command that blocks they are waited for. Then more is read meanwhile, as Redis does: the client's end comes behind it.
extension RESPSession {
    private static let replyPatience = TimeAmount.seconds(1)
    /// So much of what a client sends behind a command that waits is read, in bytes.
    private static let readAheadLimit = 1 << 20

    private var isHeldUp: Bool {
        // What comes before a protocol error is answered before it. Here nobody knows how many replies that makes.
        !isClosed && (isWaiting || lastReply != nil && matcher.state.isUncertain)
    }

    /// Whether the replies that are waited for may never come, and can be done without.
    private var mayGiveUpMatching: Bool {
        guard held == nil, case .open(let connection) = relay, connection.isAtFrameStart else { return false }
        return !matcher.isEmpty && !matcher.isBlocked && matcher.count < CommandRouter.outstandingLimit
    }

    /// Whether more may be read although the command in hand waits.
    var readsAhead: Bool { isReadingAhead && inbound.readableBytes < Self.readAheadLimit }

    func watchReplies() {
        guard replyWatch == nil, isHeldUp else { return }
        let now = replyStanding
        replyWatch = now
        eventLoop.assumeIsolated().scheduleTask(in: Self.replyPatience) { [self] in lookAtReplies(since: now) }
    }

    private func lookAtReplies(since earlier: ReplyWatch) {
        replyWatch = nil
        guard isHeldUp else { return }
        if replyStanding == earlier {
            if mayGiveUpMatching { matcher.giveUpMatching() }
            isReadingAhead = isWaiting
        }
        process()
    }

    private var replyStanding: ReplyWatch {
        var standing = ReplyWatch(outstanding: matcher.count, received: 0)
        // Messages are no replies; they may come all the time.
        if case .open(let connection) = relay, !matcher.isListening, !matcher.state.isUncertain {
            standing.received = connection.receivedBytes
        }
        return standing
    }
}
