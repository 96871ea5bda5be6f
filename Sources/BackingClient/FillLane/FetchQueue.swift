/// What becomes of fetches while the connection of their lane comes and goes: they wait for one that is being made, and where there is none
/// they end.
///
/// `Fetch` is whatever is to be fetched, and for whom.
struct FetchQueue<Fetch> {
    /// How many fetches wait for a connection that is being made.
    static var limit: Int { 4096 }

    private let address: BackingAddress
    private var waiting: [Fetch] = []
    /// What reads hear until the next attempt.
    private var meanwhile: FillReply.Outcome
    /// For what the server ends connections.
    var limits = ServerLimits.none

    init(address: BackingAddress) {
        self.address = address
        self.meanwhile = .failure(.notReachable(address, reason: "not connected yet"))
    }

    enum Action {
        case send
        /// It waits for the connection.
        case nothing
        case end(FillReply.Outcome)
    }

    /// - Parameter state: Of the lane's connection.
    mutating func fetch(_ fetch: Fetch, while state: ReconnectStateMachine.State) -> Action {
        switch state {
        case .ready:
            return .send
        case .connecting, .handshaking:
            guard self.waiting.count < Self.limit else {
                return .end(.failure(.tooManyWaiting(self.address, limit: Self.limit)))
            }
            self.waiting.append(fetch)
            return .nothing
        case .idle, .waiting:
            return .end(self.meanwhile)
        case .closed:
            return .end(.failure(.closedLane))
        }
    }

    /// Those that wait, in their order: to be sent, or ended.
    mutating func takeAll() -> [Fetch] {
        defer { self.waiting = [] }
        return self.waiting
    }

    /// The connection could not be made, or is lost.
    ///
    /// - Parameter stood: Whether fetches were being answered.
    /// - Returns: What those hear that waited, here or on the connection.
    mutating func down(_ error: BackingError, stood: Bool) -> FillReply.Outcome {
        // One long reply may have been the end of it, and which one is not known.
        if stood, self.limits.forbidLongReplies, error.code == .unavailable {
            self.meanwhile = .unanswered
            return .unanswered
        }
        self.meanwhile = .failure(error.asStanding)
        return .failure(error)
    }
}
