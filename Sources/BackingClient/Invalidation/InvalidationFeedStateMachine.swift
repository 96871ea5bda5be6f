import NIOCore
import Time

/// The invalidation connection, from its handshake to its end: what is announced, and what has been answered.
///
/// The server announces on this connection in the order of its events, so what it had announced before the answer to a `PING` has
/// been applied once that is read. Who asks while a `PING` is in flight that was sent too early gets one of his own at once. By broadcast it
/// may take two answers (``BroadcastOrder``), of which the second must be asked for later, so there one is in flight at a time.
///
///     handshaking ──▶ up ──▶ closed      (and from handshaking straight to closed)
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
    private let started: Instant
    /// What an answer proves.
    private var order = BroadcastOrder.announcedFirst
    /// When the questions in flight were sent, the oldest first.
    private var inFlight = CircularBuffer<Instant>()
    private var lastSent: Instant
    /// Up to when it is proven that what was announced has been heard.
    private var lastAnswered = Instant.distantPast
    /// The server had no time for what was asked, and is asked again then.
    private var askAgain: Instant?
    /// The user may not `PING`, or the command has another name there: but it may subscribe.
    private var asksBySubscribing = false
    /// Something that is sent after this is to be answered.
    private var wanted = Instant.distantPast

    /// - Parameters:
    ///   - generation: the number of this feed, if it gets up.
    ///   - started: when the attempt to connect began.
    init(configuration: BackingConfiguration, tracking: TrackingConfiguration, generation: UInt64, started: Instant) {
        self.state = .handshaking(FeedHandshake(configuration))
        self.configuration = configuration
        self.tracking = tracking
        self.generation = generation
        self.started = started
        self.lastSent = started
    }

    /// How the server is asked whether it still answers; what it may do even where `PING` is refused is to confirm a subscription.
    var question: [[UInt8]] {
        self.asksBySubscribing ? [Array("SUBSCRIBE".utf8), FeedHandshake.channel] : [Array("PING".utf8)]
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
        case goUp(FeedIdentity, sent: Instant)
        case invalidate([ByteBuffer])
        case flush
        /// ``question`` is to be written.
        case ask
        /// All that was announced up to that time has been heard. With `asks`, ``question`` is to be written.
        case answered(sent: Instant, asks: Bool)
        /// Close the connection.
        case fail(BackingError, FeedRefusal?)
    }

    mutating func received(_ incoming: FeedReader.Incoming, now: Instant) -> Action {
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
            return self.refused(text, now: now)
        case (.up, .reply(.array(let elements))):
            if self.isAnswer(elements) { return self.answered(now: now) }
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
        case .done(let redirectID, let runID, let announcesFirst):
            self.state = .up
            if self.tracking.broadcastPrefixes != nil { self.order = BroadcastOrder(announcesFirst: announcesFirst) }
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

    private func isAnswer(_ elements: [BackingReply]) -> Bool {
        elements.first?.text == Array((self.asksBySubscribing ? "subscribe" : "pong").utf8)
    }

    private mutating func answered(now: Instant) -> Action {
        guard let sent = self.inFlight.popFirst() else { return self.fail("a reply that nobody asked for") }
        let proven = self.order.answered(sent: sent)
        self.lastAnswered = max(self.lastAnswered, proven ?? .distantPast)
        let asks = self.wanted >= max(self.lastAnswered, self.inFlight.last ?? .distantPast) && self.ask(now: now)
        guard let proven else { return asks ? .ask : .nothing }
        return .answered(sent: proven, asks: asks)
    }

    /// An error is an answer, too, unless the server says that it has other data now, or what it announces by broadcast waits.
    private mutating func refused(_ text: [UInt8], now: Instant) -> Action {
        func says(_ words: String...) -> Bool { words.contains { text.starts(with: $0.utf8) } }
        if says("LOADING ", "MASTERDOWN ") { return .fail(.server(text), nil) }
        guard !self.inFlight.isEmpty else { return self.fail("a reply that nobody asked for") }
        if CommandRefusal.isSaid(by: text), !self.asksBySubscribing {
            self.inFlight.removeFirst()
            self.asksBySubscribing = true
            return self.ask(now: now) ? .ask : .nothing
        }
        guard self.tracking.broadcastPrefixes != nil else { return self.answered(now: now) }
        guard says("BUSY ") else { return .fail(.server(text), nil) }
        self.inFlight.removeFirst()
        self.order.interrupted()
        self.askAgain = now + Self.busyDelay
        return .nothing
    }

    /// How long a server that has no time is left alone.
    private static let busyDelay = TimeSpan.milliseconds(50)

    private func fail(_ reason: String) -> Action {
        .fail(.nonsense(self.configuration.address, ReplyViolation(reason: reason)), nil)
    }

    // MARK: Questions

    /// Makes sure that something is answered that is sent after `since`.
    ///
    /// - Returns: Whether ``question`` is to be written.
    mutating func ask(since: Instant, now: Instant) -> Bool {
        guard case .up = self.state, self.lastAnswered <= since else { return false }
        self.wanted = max(self.wanted, since)
        guard self.inFlight.last ?? .distantPast <= since else { return false }
        return self.ask(now: now)
    }

    /// Questions in flight, where there may be several: enough for a server whose answers take a hundred times longer than what asks.
    private static let inFlightLimit = 64

    /// A question is about to be written, unless as many are in flight as may be, or the server has no time.
    private mutating func ask(now: Instant) -> Bool {
        let limit = self.tracking.broadcastPrefixes == nil ? Self.inFlightLimit : 1
        guard self.inFlight.count < limit, self.askAgain == nil else { return false }
        self.inFlight.append(now)
        self.lastSent = now
        return true
    }

    // MARK: Time

    enum TimeAction {
        case nothing
        /// ``question`` is to be written.
        case ask
        case fail(BackingError)
    }

    /// When ``timePassed(now:)`` has something to say if nothing happens before; nil: never.
    var nextDeadline: Instant? {
        switch self.state {
        case .handshaking: self.started + self.configuration.connectTimeout + self.tracking.timeout
        case .up:
            self.askAgain ?? self.inFlight.first.map { $0 + self.limit } ?? self.lastSent + self.tracking.heartbeat
        case .closed: nil
        }
    }

    /// A connection that has not answered for so long does not stand.
    ///
    /// It is longer than the time after which nothing it said counts: where the server was only stopped, what it announced meanwhile
    /// has been queued and comes in order, so what was learned counts again once it answers.
    private var limit: TimeSpan { max(self.configuration.commandTimeout, self.tracking.trust) }

    mutating func timePassed(now: Instant) -> TimeAction {
        guard let nextDeadline, now >= nextDeadline else { return .nothing }
        switch self.state {
        case .closed: return .nothing
        case .handshaking: return .fail(.silent(self.configuration.address, for: self.configuration.connectTimeout))
        case .up:
            guard self.inFlight.isEmpty else { return .fail(.silent(self.configuration.address, for: self.limit)) }
            self.askAgain = nil
            guard self.ask(now: now) else { return .nothing }
            // Up to this moment: where that takes two answers, both at once.
            self.wanted = max(self.wanted, now - .nanoseconds(1))
            return .ask
        }
    }

    // MARK: The end

    /// The connection is over, whoever ended it.
    mutating func close() { self.state = .closed }
}
