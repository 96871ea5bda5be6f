/// What the open transaction has queued, as far as it takes effect with `EXEC` and the reply to that does not show it.
struct QueuedTransaction: Equatable, Sendable {
    /// How many commands there are.
    private(set) var count = 0
    /// One of them changes the session in a way that the reply to `EXEC` does not show.
    private(set) var changesState = false
    /// One of them subscribes, or ends a subscription.
    private(set) var subscribes = false
    /// One of them is `CLIENT REPLY OFF` or `SKIP`.
    private(set) var silences = false
    /// The last of `CLIENT PAUSE` and `UNPAUSE` among them.
    private(set) var pause: StateChange.PauseChange?
    /// What they leave on the connection whatever `RESET` undoes.
    private(set) var lasting = LastingEffect.nothing

    /// The server has queued a command.
    mutating func add(_ command: OutstandingCommands.Command) {
        count += 1
        if command.isQueued { silences = true }
        lasting = max(lasting, command.lasting)
        if case .pause(let change) = command.change { pause = change }
        if command.change.subscriptionKind != nil { subscribes = true }
        switch command.change {
        case .none, .replies, .pause: if command.pins || command.isQueued { changesState = true }
        default: changesState = true
        }
    }
}
