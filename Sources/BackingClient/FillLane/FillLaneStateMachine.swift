import NIOCore

/// Whether a fill lane has a connection, when it tries again, and what becomes of fetches meanwhile.
///
///     idle ──▶ connecting ──▶ handshaking ──▶ ready
///                 ▲  └──────────┬─┘             │
///                 └── waiting ◀─┴───────────────┘       and closed, from everywhere and for good
///
/// Times are nanoseconds of ``MonotonicClock``. `Fetch` is whatever is to be fetched, and for whom.
struct FillLaneStateMachine<Fetch> {
    private enum State {
        case idle
        case connecting
        case handshaking
        case ready(since: UInt64)
        /// Until the next attempt. The outcome is what reads hear meanwhile.
        case waiting(FillReply.Outcome)
        case closed
    }

    /// How many fetches wait for a connection that is being made.
    static var queueLimit: Int { 4096 }

    private let address: BackingAddress
    private let replacementDelay: TimeAmount
    private var state = State.idle
    private var queue: [Fetch] = []
    private var backoff = Backoff()
    /// For what the server ends connections.
    var limits = ServerLimits.none
    /// What has been logged since the lane was last up.
    private var announced: Set<BackingError.Code> = []

    /// - Parameter replacementDelay: After how long a connection is replaced that stood and was lost.
    init(address: BackingAddress, replacementDelay: TimeAmount = .zero) {
        self.address = address
        self.replacementDelay = replacementDelay
    }

    var isReady: Bool {
        if case .ready = self.state { true } else { false }
    }

    // MARK: Attempts

    /// - Returns: whether to connect now.
    mutating func start() -> Bool {
        guard case .idle = self.state else { return false }
        self.state = .connecting
        return true
    }

    /// The wait is over.
    ///
    /// - Returns: whether to connect now.
    mutating func retry() -> Bool {
        guard case .waiting = self.state else { return false }
        self.state = .connecting
        return true
    }

    /// A channel stands.
    ///
    /// - Returns: whether it is wanted; otherwise it is to be closed.
    mutating func connected() -> Bool {
        guard case .connecting = self.state else { return false }
        self.state = .handshaking
        return true
    }

    /// What to do once the handshake is over.
    struct UpAction {
        /// To be sent now, in this order.
        var fetches: [Fetch]
        /// It was away before, which was logged.
        var isBack: Bool
    }

    mutating func up(now: UInt64) -> UpAction? {
        guard case .handshaking = self.state else { return nil }
        self.state = .ready(since: now)
        defer {
            self.queue = []
            self.announced = []
        }
        return UpAction(fetches: self.queue, isBack: !self.announced.isEmpty)
    }

    /// What to do about a connection that could not be made or is lost.
    struct DownAction {
        /// To be ended, after the observer was told.
        var fetches: [Fetch]
        /// What they hear, and those who waited on the connection.
        var outcome: FillReply.Outcome
        /// Nothing of this kind was logged since the lane was last up.
        var isNews: Bool
        var retryIn: TimeAmount
    }

    mutating func down(
        _ error: BackingError, now: UInt64, using generator: inout some RandomNumberGenerator
    ) -> DownAction? {
        var retryIn: TimeAmount?
        var longEnough = TimeAmount.zero
        var outcome = FillReply.Outcome.failure(error)
        var meanwhile = FillReply.Outcome.failure(error.asStanding)
        switch self.state {
        case .idle, .waiting, .closed:
            return nil
        case .connecting, .handshaking:
            break
        case .ready(let since):
            longEnough = self.replacementDelay
            // One long reply may have been the end of it, and which one is not known.
            if self.limits.forbidLongReplies, error.code == .unavailable {
                outcome = .unanswered
                meanwhile = .unanswered
            }
            // One that stood is replaced at once, where that is wanted. One that goes as soon as it has come must not be the cause of a busy loop.
            if now >= since.advanced(by: .seconds(1)) {
                self.backoff.reset()
                retryIn = .zero
            }
        }
        self.state = .waiting(meanwhile)
        defer { self.queue = [] }
        return DownAction(
            fetches: self.queue, outcome: outcome, isNews: self.announced.insert(error.code).inserted,
            retryIn: max(longEnough, retryIn ?? self.backoff.next(using: &generator)))
    }

    // MARK: Fetches

    enum FetchAction {
        case send
        /// It waits for the connection.
        case nothing
        case end(FillReply.Outcome)
    }

    mutating func fetch(_ fetch: Fetch) -> FetchAction {
        switch self.state {
        case .ready:
            return .send
        case .connecting, .handshaking:
            guard self.queue.count < Self.queueLimit else {
                return .end(.failure(.tooManyWaiting(self.address, limit: Self.queueLimit)))
            }
            self.queue.append(fetch)
            return .nothing
        case .waiting(let outcome):
            return .end(outcome)
        case .idle:
            return .end(.failure(.notReachable(self.address, reason: "not connected yet")))
        case .closed:
            return .end(.failure(.closedLane))
        }
    }

    // MARK: The end

    /// - Returns: those to be failed.
    mutating func close() -> [Fetch] {
        self.state = .closed
        defer { self.queue = [] }
        return self.queue
    }
}
