// What the matching of replies to commands asks of a change of state.

extension StateChange {
    var endsTransaction: Bool {
        switch self {
        case .execute, .discard, .reset, .quit: true
        default: false
        }
    }

    var mayChangeUser: Bool {
        switch self {
        case .authenticate, .hello, .reset: true
        default: false
        }
    }

    /// Whether a message is one of those that confirm it.
    func isConfirmed(by kind: MessageKind?) -> Bool {
        switch (self, kind) {
        case (.subscribe(.channel, _), .subscribe), (.subscribe(.pattern, _), .psubscribe),
            (.subscribe(.shard, _), .ssubscribe), (.unsubscribe(.channel, _), .unsubscribe),
            (.unsubscribe(.pattern, _), .punsubscribe), (.unsubscribe(.shard, _), .sunsubscribe):
            true
        default: false
        }
    }

    var subscriptionKind: SubscriptionKind? {
        switch self {
        case .subscribe(let kind, _), .unsubscribe(let kind, _): kind
        default: nil
        }
    }
}

extension SessionState {
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

    mutating func endTransaction() {
        inTransaction = false
        transactionChangesState = false
        transactionSubscribes = false
        queuedPause = nil
        queuedLasting = .nothing
        isWatching = false
    }
}
