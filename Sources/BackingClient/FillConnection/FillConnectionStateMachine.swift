import NIOCore

/// One connection of a fill lane, from its handshake to its end: which reply belongs to which fetch, and what has taken too long.
///
/// Times are nanoseconds of ``MonotonicClock``. `Waiter` is whoever a fetch is for.
///
///     handshaking ──▶ ready ──▶ closed      (and from handshaking straight to closed)
struct FillConnectionStateMachine<Waiter> {
    private enum State {
        case handshaking(Handshake)
        case ready
        case closed
    }

    /// A command, or a group of them, whose replies are outstanding.
    private enum Request {
        case fetch(Waiter)
        /// Asks a silent connection whether it still stands.
        case ping
    }

    private var state: State
    private let configuration: BackingConfiguration
    /// In the order of their writes.
    private var requests = CircularBuffer<(request: Request, sent: UInt64)>()
    /// How many of the last requests have not been written yet.
    private var unsent = 0
    /// How far the replies to the first request have come.
    private var progress: FetchProgress
    private let started: UInt64
    private var lastHeard: UInt64

    /// - Parameter started: when the attempt to connect began; its time-out covers the beginning of the handshake.
    init(configuration: BackingConfiguration, started: UInt64) {
        self.configuration = configuration
        self.state = .handshaking(Handshake(configuration))
        self.progress = FetchProgress(wrapsInTransaction: configuration.wrapsInTransaction)
        self.started = started
        self.lastHeard = started
    }

    /// What the server is told first, all in one write.
    var handshakeCommands: [[[UInt8]]] {
        guard case .handshaking(let handshake) = self.state else { return [] }
        return handshake.commands
    }

    /// The next reply cannot be parsed by hiredis and is taken as it comes.
    var expectsRawFrame: Bool {
        guard case .handshaking(let handshake) = self.state else { return false }
        return handshake.expectsCommandTable
    }

    var isClosed: Bool {
        if case .closed = self.state { true } else { false }
    }

    // MARK: Requests

    /// A fetch is about to be written.
    mutating func fetch(for waiter: Waiter) {
        self.requests.append((.fetch(waiter), 0))
        self.unsent += 1
    }

    /// Everything that was asked since the last time is being written.
    mutating func written(at now: UInt64) {
        for position in 0..<self.unsent {
            self.requests[offset: self.requests.count - 1 - position].sent = now
        }
        self.unsent = 0
    }

    // MARK: Replies

    /// What the handler is to do about a reply.
    enum ReplyAction {
        case nothing
        /// The handshake is over.
        case goUp(commandTable: ByteBuffer?)
        case complete(Waiter, FillReply)
        /// Close the connection; ``close()`` says who waited.
        case fail(BackingError)
    }

    mutating func heard(at now: UInt64) {
        self.lastHeard = now
    }

    mutating func received(_ incoming: ReplyReader.Incoming) -> ReplyAction {
        switch self.state {
        case .closed:
            return .nothing
        case .handshaking(var handshake):
            let progress = handshake.received(incoming)
            self.state = .handshaking(handshake)
            return self.act(on: progress)
        case .ready:
            guard case .reply(let reply, let droppedLength) = incoming, let first = self.requests.first,
                self.requests.count > self.unsent
            else { return self.fail(ReplyViolation(reason: "a reply that nobody asked for")) }
            switch first.request {
            case .ping:
                return self.receivedAnswerToPing(reply)
            case .fetch(let waiter):
                return self.received(reply, droppedLength, for: waiter, sent: first.sent)
            }
        }
    }

    private mutating func act(on progress: Handshake.Progress) -> ReplyAction {
        switch progress {
        case .goesOn:
            return .nothing
        case .done(let commandTable):
            self.state = .ready
            return .goUp(commandTable: commandTable)
        case .refused(let text):
            return .fail(.server(text))
        case .violation(let violation):
            return self.fail(violation)
        }
    }

    private mutating func receivedAnswerToPing(_ reply: BackingReply) -> ReplyAction {
        switch reply {
        // Also one who may not send PING has heard that the server is there.
        case .ok, .otherStatus, .error:
            self.requests.removeFirst()
            return .nothing
        default:
            return self.fail(ReplyViolation(reason: "not a reply to PING"))
        }
    }

    private mutating func received(
        _ reply: BackingReply, _ droppedLength: Int?, for waiter: Waiter, sent: UInt64
    ) -> ReplyAction {
        switch self.progress.received(reply, droppedLength: droppedLength) {
        case .goesOn:
            return .nothing
        case .done(let outcome):
            self.requests.removeFirst()
            self.progress = FetchProgress(wrapsInTransaction: self.configuration.wrapsInTransaction)
            return .complete(waiter, FillReply(outcome: outcome, sent: sent))
        case .violation(let violation):
            return self.fail(violation)
        }
    }

    private func fail(_ violation: ReplyViolation) -> ReplyAction {
        .fail(.nonsense(self.configuration.address, violation))
    }

    // MARK: The end

    /// The connection is over, whoever ended it.
    ///
    /// - Returns: those who still wait, the oldest first, each with the time when its fetch was written (0: never).
    mutating func close() -> [(waiter: Waiter, sent: UInt64)] {
        self.state = .closed
        let requests = self.requests
        self.requests = CircularBuffer()
        self.unsent = 0
        return requests.compactMap { request, sent in
            if case .fetch(let waiter) = request { (waiter, sent) } else { nil }
        }
    }
}

// MARK: - Time-outs

extension FillConnectionStateMachine {
    /// What the handler is to do about the passing of time.
    enum TimeAction {
        case nothing
        /// Write a `PING`.
        case ping
        /// Close the connection; ``close()`` says who waited.
        case fail(BackingError)
    }

    /// When ``timePassed(now:)`` has something to say if nothing happens before; nil: never.
    var nextDeadline: UInt64? {
        switch self.state {
        case .handshaking:
            // A server far away takes several round trips to tell all its commands: that it goes on telling is enough.
            // But not for ever.
            let silence = self.lastHeard.advanced(by: self.configuration.connectTimeout)
            let longest = max(self.configuration.connectTimeout, self.configuration.commandTimeout)
            return min(silence, self.started.advanced(by: longest))
        case .ready:
            guard let oldest = self.requests.first else {
                return self.lastHeard.advanced(by: self.configuration.idleTimeout)
            }
            // What has not been written yet will be at the end of this turn.
            return self.requests.count == self.unsent
                ? nil : oldest.sent.advanced(by: self.configuration.commandTimeout)
        case .closed:
            return nil
        }
    }

    mutating func timePassed(now: UInt64) -> TimeAction {
        guard let nextDeadline, now >= nextDeadline else { return .nothing }
        switch self.state {
        case .closed:
            return .nothing
        case .handshaking:
            return .fail(.silent(self.configuration.address, for: self.configuration.connectTimeout))
        case .ready where self.requests.isEmpty:
            self.requests.append((.ping, 0))
            self.unsent += 1
            return .ping
        case .ready:
            return .fail(.silent(self.configuration.address, for: self.configuration.commandTimeout))
        }
    }
}

extension UInt64 {
    /// This time, `amount` later; the end of time where that is beyond it.
    func advanced(by amount: TimeAmount) -> UInt64 {
        let (sum, overflow) = self.addingReportingOverflow(UInt64(clamping: amount.nanoseconds))
        return overflow ? .max : sum
    }
}
