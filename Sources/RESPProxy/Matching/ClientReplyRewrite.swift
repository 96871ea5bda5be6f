/// What goes to the server in place of a command that has to do with `CLIENT REPLY`.
///
/// A server that sends no replies gives no sign of what it has done. So it is asked for all of them, and those that the client does not want
/// are dropped here. Then the fences of its writes still come down on time, and its state can be followed. `CLIENT REPLY OFF` and `SKIP`
/// are sent as `CLIENT REPLY ON`, which needs the same rights and changes nothing; the reply to that is dropped as well, unless it is an error.
enum ClientReplyRewrite: Equatable, Sendable {
    /// What the client sent.
    case asSent
    /// `CLIENT REPLY ON` in its place.
    case askedFor
    /// `CLIENT REPLY OFF`, and then what the client sent: from here on replies and messages cannot be told apart as they begin.
    case silenced
    /// `CLIENT REPLY SKIP`, and then what the client sent, for the same reason: only the server knows what is skipped.
    case skipped
    /// What the client sent; from here on nothing tells which reply belongs to which command.
    case unmatched
    /// Nothing that could be sent would be answered alike: the session ends. The client would be sent the reply to an `EXEC` from its middle
    /// on, or confirmations without the array around them.
    case notPossible

    static let command = [Array("CLIENT".utf8), Array("REPLY".utf8)]
    static let ask = command + [Array("ON".utf8)]
    static let silence = command + [Array("OFF".utf8)]
    static let skip = command + [Array("SKIP".utf8)]

    init(for change: StateChange, in state: SessionState) {
        self = .asSent
        guard state.matching == .byReply else { return }
        switch change {
        case .replies(.on) where state.inTransaction && state.replies == .off,
            .execute where state.queued.subscribes && state.replies == .off:
            self = .notPossible
        case .replies(.off), .replies(.skip):
            // Queued, it takes effect inside the reply to EXEC, which so has fewer elements than it says.
            if state.inTransaction && state.replies == .on { return }
            // Messages and confirmations come with replies off as well. Under RESP2 the server refuses the command from who is subscribed.
            if change == .replies(.off) && state.isSubscribed && state.version == .resp3 { return }
            self = .askedFor
        case .subscribe, .unsubscribe, .monitor, .synchronize:
            // Queued, they have no messages yet.
            if state.replies == .off && !state.inTransaction { self = .silenced }
        case .unclear:
            self =
                switch state.replies {
                case .on: .unmatched
                case .off: .silenced
                case .skipsNext: .skipped
                }
        default: break
        }
    }
}

extension StateChange {
    /// Whether a command may go out only once those before it are answered, because what it means depends on them.
    func waitsForEarlierReplies(under replies: SessionState.Replies) -> Bool {
        switch self {
        case .replies, .unclear: true
        // Redis 7.2 and later do not answer a log-in that fails behind a reply which has not been sent yet.
        case .authenticate, .hello(_, .some, _): true
        case .subscribe, .unsubscribe, .monitor, .synchronize, .execute: replies == .off
        default: false
        }
    }

    /// Whether `CLIENT REPLY` keeps the client from a reply to it that begins with this byte. Messages and confirmations are sent all the
    /// same, and so is what a command says that makes replies be sent again.
    func isSilent(type: UInt8, replies: SessionState.Replies) -> Bool {
        if type == UInt8(ascii: "-") { return replies != .on }
        return switch (self, replies) {
        case (.replies(.off), _), (.replies(.skip), _): true
        case (.replies(.on), _), (.synchronize, _), (_, .on): false
        // `+QUEUED`: that is no confirmation yet.
        case (.subscribe, _), (.unsubscribe, _): type == UInt8(ascii: "+")
        case (.reset, .off): false
        default: true
        }
    }
}
