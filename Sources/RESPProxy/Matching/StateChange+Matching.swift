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
