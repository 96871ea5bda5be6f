import NIOCore
import Time

/// One connection of a fill lane, from its handshake to its end: which reply belongs to which fetch, and what has taken too long.
///
/// `Waiter` is whoever a fetch is for. Longer than 300 lines: fetches, replies and time-outs are all about the one queue of requests.
///
///     handshaking ──▶ ready ──▶ closed      (and from handshaking straight to closed)
struct FillConnectionStateMachine<Waiter> {
    private enum State {
        case handshaking(Handshake)
        case ready
        case closed
    }

    /// A command, or a group of them, whose replies are outstanding. Feeds go by their generation: a plain value is looked at, and
    /// passed on, without counting references.
    private enum Question {
        /// For the first of ``waiters`` that has no other.
        case fetch(KeyRead, isWrapped: Bool)
        /// Asks a silent connection whether it still stands.
        case ping
        /// `INFO server`: whether the feed is of the server that this connection is to.
        case serverInfo(generation: UInt64)
        /// `CLIENT TRACKING OFF`, where another feed was redirected to before.
        case trackingOff
        /// `CLIENT TRACKING ON REDIRECT …`.
        case trackingOn(generation: UInt64)
    }

    private struct Request {
        let question: Question
        var sent = Instant.distantPast
        var generation: UInt64 = 0
    }

    private var state: State
    private let configuration: BackingConfiguration
    /// In the order of their writes.
    private var requests = CircularBuffer<Request>()
    /// Those of the fetches among them.
    private var waiters = CircularBuffer<Waiter>()
    /// How many of the last requests have not been written yet.
    private var unsent = 0
    /// How far the replies to the first request have come, where it is a fetch of which some have.
    private var progress: FetchProgress?
    private let started: Instant
    private var lastHeard: Instant
    private var lastSent: Instant
    /// How many `PING` are unanswered.
    private var pings = 0
    /// When the newest question was sent that has been answered.
    private(set) var lastAnswered = Instant.distantPast
    /// Something that is sent after this is to be answered.
    private(set) var wanted = Instant.distantPast
    /// The feed that this connection is to redirect to.
    private var feed: FeedIdentity?
    /// The feed for which the server has said `+OK`; its generation is 0 where there is none.
    private var trackedGeneration: UInt64 = 0
    private var hasAskedForTracking = false

    /// - Parameter started: when the attempt to connect began; its time-out covers the beginning of the handshake.
    init(configuration: BackingConfiguration, started: Instant) {
        self.configuration = configuration
        self.state = .handshaking(Handshake(configuration))
        self.started = started
        self.lastHeard = started
        self.lastSent = started
    }

    /// What the server is told first, all in one write.
    var handshakeCommands: [[[UInt8]]] {
        guard case .handshaking(let handshake) = self.state else { return [] }
        return handshake.commands
    }

    /// The next reply cannot be parsed by hiredis and is taken as it comes.
    ///
    /// Nor the one to `INFO`, which may be longer than the longest value that is kept.
    @inline(__always)
    var expectsRawFrame: Bool {
        switch self.state {
        case .handshaking(let handshake): return handshake.expectsCommandTable
        case .ready:
            guard case .serverInfo = self.requests.first?.question else { return false }
            return true
        case .closed: return false
        }
    }

    @inline(__always)
    var isClosed: Bool {
        if case .closed = self.state { true } else { false }
    }

    // MARK: Requests

    /// A fetch is about to be written.
    ///
    /// - Returns: whether between `MULTI` and `EXEC`.
    @discardableResult
    mutating func fetch(_ read: KeyRead, for waiter: Waiter) -> Bool {
        // Where the server announces changes, a write between GET and PTTL voids the fill.
        let isWrapped = self.configuration.wrapsInTransaction && self.trackedGeneration == 0
        self.waiters.append(waiter)
        self.ask(.fetch(read, isWrapped: isWrapped))
        return isWrapped
    }

    private mutating func ask(_ question: Question) {
        self.requests.append(Request(question: question))
        self.unsent += 1
    }

    /// Everything that was asked since the last time is being written.
    mutating func written(at now: Instant) {
        for position in 0..<self.unsent {
            let offset = self.requests.count - 1 - position
            self.requests[offset: offset].sent = now
            // Only what is written when the `+OK` has come is certain to be tracked.
            self.requests[offset: offset].generation = self.trackedGeneration
        }
        self.unsent = 0
        self.lastSent = now
    }

    /// Makes sure that something is answered that is sent after `since`: by then the server had not closed this connection. A fetch
    /// does for that as well.
    ///
    /// - Returns: whether a `PING` is to be written.
    mutating func ask(since: Instant) -> Bool {
        self.wanted = max(self.wanted, since)
        return self.askAgain()
    }

    /// To be called when something has been answered: what was under way when it was asked may have been sent too early.
    ///
    /// - Returns: whether a `PING` is to be written.
    @inline(__always)
    mutating func askAgain() -> Bool {
        guard self.lastAnswered <= self.wanted, self.unsent == 0, case .ready = self.state else { return false }
        if let last = self.requests.last, last.sent > self.wanted { return false }
        self.askPing()
        return true
    }

    private mutating func askPing() {
        self.ask(.ping)
        self.pings += 1
    }

    /// The feed that stands from now on; nil: none.
    ///
    /// - Returns: what is to be written, if anything.
    mutating func feedChanged(to feed: FeedIdentity?) -> [[UInt8]]? {
        guard self.configuration.tracking != nil else { return nil }
        self.feed = feed
        self.trackedGeneration = 0
        guard case .ready = self.state, let feed else { return nil }
        self.ask(.serverInfo(generation: feed.generation))
        return [Array("INFO".utf8), Array("server".utf8)]
    }

    // MARK: Replies

    /// What the handler is to do about a reply.
    enum ReplyAction {
        case nothing
        /// The handshake is over.
        case goUp(commandTable: ByteBuffer?)
        /// To be written now.
        case write([[[UInt8]]])
        /// From now on, what is fetched is announced to the feed of that generation.
        case tracked(generation: UInt64)
        /// The server does not track for us. The connection goes on without.
        case trackingRefused(FeedRefusal)
        case complete(Waiter, FillReply)
        /// Close the connection; ``close()`` says who waited.
        case fail(BackingError)
    }

    mutating func heard(at now: Instant) {
        self.lastHeard = now
    }

    mutating func received(_ reply: BackingReply) -> ReplyAction {
        switch self.state {
        case .closed:
            return .nothing
        case .handshaking(var handshake):
            let progress = handshake.received(reply)
            self.state = .handshaking(handshake)
            return self.act(on: progress)
        case .ready:
            guard let first = self.requests.first, self.requests.count > self.unsent else {
                return self.fail(ReplyViolation(reason: "a reply that nobody asked for"))
            }
            switch first.question {
            case .fetch(let read, let isWrapped):
                return self.received(reply, to: first, read, isWrapped: isWrapped)
            case .ping:
                return self.receivedAnswerToPing(reply)
            case .serverInfo(let generation):
                guard case .raw(let frame?) = reply else {
                    return self.fail(ReplyViolation(reason: "not a reply to INFO"))
                }
                self.endFirst()
                return self.received(serverInfo: frame, ofFeed: generation)
            case .trackingOff:
                self.endFirst()
                return .nothing
            case .trackingOn(let generation):
                self.endFirst()
                return self.received(trackingReply: reply, ofFeed: generation)
            }
        }
    }

    private mutating func act(on progress: Handshake.Progress) -> ReplyAction {
        switch progress {
        case .goesOn:
            return .nothing
        case .done(let commandTable):
            self.state = .ready
            self.lastAnswered = self.lastSent
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
            self.endFirst()
            self.pings -= 1
            return .nothing
        default:
            return self.fail(ReplyViolation(reason: "not a reply to PING"))
        }
    }

    private mutating func endFirst() {
        self.lastAnswered = self.requests.removeFirst().sent
    }

    private mutating func received(
        _ reply: BackingReply, to request: Request, _ read: KeyRead, isWrapped: Bool
    ) -> ReplyAction {
        var progress = self.progress.take() ?? FetchProgress(read, wrapsInTransaction: isWrapped)
        switch progress.received(reply) {
        case .goesOn:
            self.progress = progress
            return .nothing
        case .done(let outcome):
            self.endFirst()
            return .complete(
                self.waiters.removeFirst(),
                FillReply(outcome: outcome, sent: request.sent, generation: request.generation))
        case .violation(let violation):
            return self.fail(violation)
        }
    }

    /// Redirecting to an id of another server would name a stranger's connection, which then gets what it never asked for.
    private mutating func received(serverInfo frame: ByteBuffer, ofFeed generation: UInt64) -> ReplyAction {
        guard let feed = self.feed, feed.generation == generation, let tracking = self.configuration.tracking else {
            return .nothing
        }
        let info = frame.readableBytesView
        if info.first == UInt8(ascii: "-") {
            return .trackingRefused(FeedRefusal(command: "INFO", text: Array(info.dropFirst().dropLast(2))))
        }
        guard ServerInfo.field("run_id", in: info) == feed.runID else {
            return .fail(.anotherServer(self.configuration.address))
        }
        var commands: [[[UInt8]]] = []
        if self.hasAskedForTracking {
            // With the prefixes of before, which the server would find to overlap with the same ones.
            self.ask(.trackingOff)
            commands.append([Array("CLIENT".utf8), Array("TRACKING".utf8), Array("OFF".utf8)])
        }
        self.hasAskedForTracking = true
        self.ask(.trackingOn(generation: generation))
        commands.append(tracking.command(redirectingTo: feed.redirectID))
        return .write(commands)
    }

    private mutating func received(trackingReply reply: BackingReply, ofFeed generation: UInt64) -> ReplyAction {
        guard self.feed?.generation == generation else { return .nothing }
        switch reply {
        case .ok:
            self.trackedGeneration = generation
            return .tracked(generation: generation)
        case .error(let text):
            return .trackingRefused(FeedRefusal(command: "CLIENT TRACKING", text: text))
        default:
            return self.fail(ReplyViolation(reason: "not a reply to CLIENT TRACKING"))
        }
    }

    private func fail(_ violation: ReplyViolation) -> ReplyAction {
        .fail(.nonsense(self.configuration.address, violation))
    }

    // MARK: The end

    /// The connection is over, whoever ended it.
    ///
    /// - Returns: those who still wait, the oldest first, each with the time when its fetch was written (``Instant/distantPast``: never).
    mutating func close() -> [(waiter: Waiter, sent: Instant)] {
        self.state = .closed
        let times = self.requests.compactMap { request in
            if case .fetch = request.question { request.sent } else { nil }
        }
        defer {
            self.requests = CircularBuffer()
            self.waiters = CircularBuffer()
            self.unsent = 0
        }
        return Array(zip(self.waiters, times))
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
    var nextDeadline: Instant? {
        switch self.state {
        case .handshaking:
            // A server far away takes several round trips to tell all its commands: that it goes on telling is enough.
            // But not for ever.
            let silence = self.lastHeard + self.configuration.connectTimeout
            let longest = max(self.configuration.connectTimeout, self.configuration.commandTimeout)
            return min(silence, self.started + longest)
        case .ready:
            guard let ping = self.pingDeadline else { return self.silenceDeadline }
            return min(ping, self.silenceDeadline ?? .distantFuture)
        case .closed:
            return nil
        }
    }

    /// When the server is asked whether the connection still stands: once it has been silent; where what was learned counts only as long
    /// as the server answers, in any case.
    private var pingDeadline: Instant? {
        if let tracking = self.configuration.tracking {
            return self.pings > 0 ? nil : self.lastSent + tracking.heartbeat
        }
        return self.requests.isEmpty ? self.lastHeard + self.configuration.idleTimeout : nil
    }

    private var silenceDeadline: Instant? {
        // What has not been written yet will be at the end of this turn.
        guard let oldest = self.requests.first, self.requests.count > self.unsent else { return nil }
        return oldest.sent + self.configuration.commandTimeout
    }

    mutating func timePassed(now: Instant) -> TimeAction {
        guard let nextDeadline, now >= nextDeadline else { return .nothing }
        switch self.state {
        case .closed:
            return .nothing
        case .handshaking:
            return .fail(.silent(self.configuration.address, for: self.configuration.connectTimeout))
        case .ready:
            if let silenceDeadline, now >= silenceDeadline {
                return .fail(.silent(self.configuration.address, for: self.configuration.commandTimeout))
            }
            self.askPing()
            return .ping
        }
    }
}
