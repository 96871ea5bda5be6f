import NIOCore

/// The invalidation connection, from its handshake to its end: what is announced, and what has been answered.
///
/// The server announces on this connection in the order of its events, so what it had announced before the answer to a `PING` has
/// been applied once that is read. One `PING` at a time is in flight; who asks meanwhile gets the next one, because the one in flight
/// may have been answered before what they want to be sure of.
///
///     handshaking ──▶ up ──▶ closed      (and from handshaking straight to closed)
///
/// Times are nanoseconds of ``MonotonicClock``.
struct InvalidationFeedStateMachine {
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
    /// Something that is sent after this is to be answered.
    private var wanted: UInt64 = 0

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
        /// A `PING` that was sent at that time. With `ping`, the next one is to be written.
        case answered(sent: UInt64, ping: Bool)
        /// Close the connection.
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
        return .answered(sent: sent, ping: self.wanted >= sent && self.ping(now: now))
    }

    private func fail(_ reason: String) -> Action {
        .fail(.nonsense(self.configuration.address, ReplyViolation(reason: reason)), nil)
    }

    // MARK: Questions

    /// Makes sure that something is answered that is sent after `since`.
    ///
    /// - Returns: Whether a `PING` is to be written.
    mutating func ask(since: UInt64, now: UInt64) -> Bool {
        guard case .up = self.state, self.lastAnswered <= since else { return false }
        self.wanted = max(self.wanted, since)
        return self.ping(now: now)
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
        case fail(BackingError)
    }

    /// When ``timePassed(now:)`` has something to say if nothing happens before; nil: never.
    var nextDeadline: UInt64? {
        switch self.state {
        case .handshaking: self.started.advanced(by: self.configuration.connectTimeout + self.tracking.timeout)
        case .up:
            self.inFlight?.advanced(by: self.limit) ?? self.lastSent.advanced(by: self.tracking.heartbeat)
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
            return self.ping(now: now) ? .ping : .fail(.silent(self.configuration.address, for: self.limit))
        }
    }

    // MARK: The end

    /// The connection is over, whoever ended it.
    mutating func close() { self.state = .closed }
}
