import NIOCore

/// The invalidation connection, from its handshake to its end: what is announced, and which barriers stand.
///
/// A **barrier** is a `PING` that was answered. The server announces on this connection in the order of its events, so what it had
/// announced before that answer has been applied. One `PING` at a time is in flight; who asks meanwhile gets the next one, because
/// the one in flight may have been answered before what they want to be sure of.
///
///     handshaking ──▶ up ──▶ closed      (and from handshaking straight to closed)
///
/// Times are nanoseconds of ``MonotonicClock``. `Waiter` is whoever waits for a barrier.
struct InvalidationFeedStateMachine<Waiter> {
    private enum State {
        case handshaking(FeedHandshake)
        case up
        case closed
    }

    private var state: State
    private let configuration: BackingConfiguration
    private let tracking: TrackingConfiguration
    private let generation: UInt64
    private let started: UInt64
    /// When the `PING` in flight was sent.
    private var inFlight: UInt64?
    private var lastSent: UInt64
    /// The send time of the newest that was answered.
    private var lastAnswered: UInt64 = 0
    private var waiters: [(waiter: Waiter, since: UInt64)] = []

    /// - Parameters:
    ///   - generation: the number of this feed, if it gets up.
    ///   - started: when the attempt to connect began.
    init(configuration: BackingConfiguration, tracking: TrackingConfiguration, generation: UInt64, started: UInt64) {
        self.state = .handshaking(FeedHandshake(configuration))
        self.configuration = configuration
        self.tracking = tracking
        self.generation = generation
        self.started = started
        self.lastSent = started
    }

    /// What the server is told first, all in one write.
    var handshakeCommands: [[[UInt8]]] {
        guard case .handshaking(let handshake) = self.state else { return [] }
        return handshake.commands
    }

    var isClosed: Bool { if case .closed = self.state { true } else { false } }

    // MARK: Replies

    enum Action {
        case nothing
        /// - Parameter sent: when the handshake was written.
        case goUp(FeedIdentity, sent: UInt64)
        case invalidate([ByteBuffer])
        case flush
        /// A barrier stands, which was sent at that time; these waited for it. With `ping`, the next one is to be written.
        case answered(sent: UInt64, waiters: [Waiter], ping: Bool)
        /// Close the connection; ``close()`` says who waited.
        case fail(BackingError, FeedRefusal?)
    }

    mutating func received(_ incoming: FeedReader.Incoming, now: UInt64) -> Action {
        switch (self.state, incoming) {
        case (.closed, _):
            return .nothing
        case (.handshaking(var handshake), .reply(let reply)):
            let progress = handshake.received(reply)
            self.state = .handshaking(handshake)
            return self.act(on: progress)
        case (.handshaking, .tooLong):
            return self.fail("an unexpected reply to the login")
        // Nothing but an announcement is ever that long. What it names is not known, so it may be anything.
        case (.up, .tooLong):
            return .flush
        case (.up, .reply(.error(let text))):
            // Also one who may not PING has been answered. But a server that is loading has other data than before.
            let hasOtherData = ["LOADING ", "MASTERDOWN "].contains { text.starts(with: $0.utf8) }
            return hasOtherData ? .fail(.server(text), nil) : self.pingAnswered(now: now)
        case (.up, .reply(.array(let elements))):
            if elements.count == 2, elements[0].text == Array("pong".utf8) { return self.pingAnswered(now: now) }
            guard elements.count == 3, elements[0].text == Array("message".utf8),
                elements[1].text == FeedHandshake.channel
            else { return self.fail("not an announcement") }
            return self.announced(elements[2])
        case (.up, .reply):
            return self.fail("not an announcement")
        }
    }

    private mutating func act(on progress: FeedHandshake.Progress) -> Action {
        switch progress {
        case .goesOn:
            return .nothing
        case .done(let redirectID, let runID):
            self.state = .up
            let identity = FeedIdentity(redirectID: redirectID, runID: runID, generation: self.generation)
            return .goUp(identity, sent: self.started)
        case .refused(let refusal):
            return .fail(.server(refusal.text), refusal)
        case .violation(let violation):
            return self.fail(violation.reason)
        }
    }

    private func announced(_ payload: BackingReply) -> Action {
        switch payload {
        case .null:
            return .flush
        case .array(let elements):
            var keys: [ByteBuffer] = []
            for element in elements {
                guard case .bulk(let key) = element else { return self.fail("an announcement of what is no key") }
                keys.append(key)
            }
            return .invalidate(keys)
        // `PUBLISH` by a client on the channel of announcements: nobody can tell what it means.
        default:
            return .flush
        }
    }

    private mutating func pingAnswered(now: UInt64) -> Action {
        guard let sent = self.inFlight else { return self.fail("a reply that nobody asked for") }
        self.inFlight = nil
        self.lastAnswered = sent
        var done: [Waiter] = []
        var waiting: [(waiter: Waiter, since: UInt64)] = []
        for entry in self.waiters {
            if entry.since < sent { done.append(entry.waiter) } else { waiting.append(entry) }
        }
        self.waiters = waiting
        return .answered(sent: sent, waiters: done, ping: !waiting.isEmpty && self.ping(now: now))
    }

    private func fail(_ reason: String) -> Action {
        .fail(.nonsense(self.configuration.address, ReplyViolation(reason: reason)), nil)
    }

    // MARK: Barriers

    enum BarrierAction: Equatable {
        /// It stands already, or nothing is heard here, in which case nothing is cached either.
        case done
        /// Write a `PING`; the waiter is noted.
        case ping
        /// The waiter is noted.
        case wait
    }

    /// Somebody wants a barrier that is sent after `since`.
    mutating func awaitBarrier(since: UInt64, now: UInt64, _ waiter: Waiter) -> BarrierAction {
        guard case .up = self.state, self.lastAnswered <= since else { return .done }
        self.waiters.append((waiter, since))
        return self.ping(now: now) ? .ping : .wait
    }

    /// A `PING` is about to be written, unless one is in flight.
    private mutating func ping(now: UInt64) -> Bool {
        guard self.inFlight == nil else { return false }
        self.inFlight = now
        self.lastSent = now
        return true
    }

    // MARK: Time

    enum TimeAction {
        case nothing
        case ping
        /// The feed has been silent for so long that nobody is answered from the cache: nobody needs to wait for a barrier, either.
        case release([Waiter])
        case fail(BackingError)
    }

    /// When ``timePassed(now:)`` has something to say if nothing happens before; nil: never.
    var nextDeadline: UInt64? {
        switch self.state {
        case .handshaking: self.started.advanced(by: self.configuration.connectTimeout + self.tracking.timeout)
        case .up:
            if let inFlight {
                inFlight.advanced(by: self.waiters.isEmpty ? self.limit : self.tracking.trust)
            } else {
                self.lastSent.advanced(by: self.tracking.heartbeat)
            }
        case .closed: nil
        }
    }

    /// A connection that has not answered for so long does not stand.
    ///
    /// It is longer than the time after which nothing it said counts: where the server was only stopped, what it announced meanwhile
    /// has been queued and comes in order, so what was learned counts again once it answers.
    private var limit: TimeAmount { max(self.configuration.commandTimeout, self.tracking.trust) }

    mutating func timePassed(now: UInt64) -> TimeAction {
        guard let nextDeadline, now >= nextDeadline else { return .nothing }
        switch self.state {
        case .closed: return .nothing
        case .handshaking: return .fail(.silent(self.configuration.address, for: self.configuration.connectTimeout))
        case .up:
            guard let inFlight else { return self.ping(now: now) ? .ping : .nothing }
            if now >= inFlight.advanced(by: self.limit) {
                return .fail(.silent(self.configuration.address, for: self.limit))
            }
            defer { self.waiters = [] }
            return .release(self.waiters.map(\.waiter))
        }
    }

    // MARK: The end

    /// The connection is over, whoever ended it.
    ///
    /// - Returns: those who still wait.
    mutating func close() -> [Waiter] {
        self.state = .closed
        defer { self.waiters = [] }
        return self.waiters.map(\.waiter)
    }
}
