import BackingClient
import NIOCore
import RESPParser

/// Connections to the backing: which one a command goes on, and what comes from it.
extension RESPSession {
    /// Whether a command can go out now.
    enum Attachment {
        case ready
        /// Once something outstanding has been answered, or a connection stands.
        case waiting
        /// There is no backing; told once.
        case failed(BackingError)
    }

    /// A command is about to be forwarded: its fence goes up first.
    func begin(_ relayed: RelayedCommand, now: UInt64) {
        if relayed.needsOffset, matcher.isAtRest, case .open(let connection) = relay {
            let knowsShardChannels = loop.router.table?.isOfRedis6 == false
            ask(OwnQuestion(isReplicated: knowsShardChannels, asksStanding: false), on: connection, now: now)
        }
        isNew = false
        hasShortReply = relayed.hasShortReply
        if commandsUnshared > 0 { commandsUnshared -= 1 }
        loop.cache.raiseFence(matcher.forwarded(relayed, now: now))
        // Nothing runs behind QUIT.
        if case .quit = relayed.change { intake = .ended }
    }

    /// The session's own connection, and whether it could be asked something now without the client's hearing of it.
    func askOwnConnection() -> (link: RelayConnection, wasAsked: Bool)? {
        guard case .open(let connection) = relay, connection.isOpen else { return nil }
        guard matcher.isAtRest, held == nil, !isWithdrawn, connection.isAtFrameStart, connection.isWritable else {
            return (connection, false)
        }
        ask(OwnQuestion(asksStanding: false), on: connection, now: MonotonicClock.now())
        connection.flush()
        return (connection, true)
    }

    var hasOwnConnection: Bool {
        if case .open = relay { true } else { false }
    }

    /// Finds the connection that a command goes on. A session has commands outstanding on one connection at most.
    func attach(for relayed: RelayedCommand, now: UInt64) -> Attachment {
        let outstanding = matcher.count
        switch relay {
        case .open:
            return .ready
        case .connecting:
            return .waiting
        case .failed(let error):
            relay = .none
            return .failed(error)
        case .shared(let connection) where outstanding > 0:
            let goesOn =
                relayed.isShareable && mayShare(now: now) && connection.goesOn(hasShortReply: relayed.hasShortReply)
            return goesOn && outstanding < Self.sharedCommandLimit ? .ready : .waiting
        case .shared(let connection)
        where held == nil && relayed.isShareable && mayShare(now: now)
            && connection.takesMore(now: now, hasShortReply: relayed.hasShortReply):
            // The session is what it was when it took that connection: what changes it is not shared.
            return .ready
        case .none, .shared:
            return attachAnew(for: relayed, now: now)
        }
    }

    /// Apart from ``attach(for:now:)``, so that the way of nearly every command stays short.
    private func attachAnew(for relayed: RelayedCommand, now: UInt64) -> Attachment {
        guard held == nil else { return .waiting }
        // Nothing was given to it yet that a newcomer would not be given.
        if isNew, pool.isRetired { pool = loop.pool }
        // Before anything is opened: a Unix socket may stand at once.
        relay = .connecting
        let key = relayKey
        if relayed.isShareable, mayShare(now: now), let key {
            // What a client says first goes where a command that blocks would follow it: the server serves one connection in order,
            // but not two.
            if isNew, let spare = pool.standingSpare(key, forNewcomer: true) { return takeOver(spare) }
            let found = pool.sharedConnection(key, hasShortReply: relayed.hasShortReply, now: now) { [self] in
                sharedConnectionOpened($0)
            }
            switch found {
            case .ready(let connection):
                relay = .shared(connection)
                return .ready
            case .opening:
                return awaitConnection()
            case .none: break
            }
        }
        if let key, let spare = pool.takeSpare(key, forNewcomer: isNew) { return takeOver(spare) }
        if let key, pool.isRetired, !key.isFillUser {
            pool.awaitSpare(key) { [self] in spareLeft($0, key) }
            return awaitConnection()
        }
        let opened = key.map { loop.openRelay($0) } ?? openOwnRelay()
        opened.assumeIsolated().whenComplete { [self] result in relayOpened(result) }
        return awaitConnection()
    }

    /// Somebody has left a connection that this session waited for, or nobody has.
    private func spareLeft(_ spare: RelayConnection?, _ key: RelayKey) {
        guard !isClosed else {
            if let spare { pool.leave(spare, key) }
            return
        }
        if let spare { _ = takeOver(spare) } else { relay = .failed(.noneLetInBefore) }
        scheduleTurn()
    }

    private func takeOver(_ spare: RelayConnection) -> Attachment {
        relay = .open(spare)
        spare.attach(self)
        noteConnection(spare)
        return .ready
    }

    /// A connection is being opened; while the backing is known to be away that fails at once. Where it stands already, a turn is
    /// scheduled that goes on with it.
    private func awaitConnection() -> Attachment {
        guard case .failed(let error) = relay else { return .waiting }
        relay = .none
        return .failed(error)
    }

    /// Replies on a shared connection are kept here while the client does not take them; with one of the session's own, the server
    /// keeps them.
    private func mayShare(now: UInt64) -> Bool {
        channel.isWritable && commandsUnshared == 0 && !identity.isBound
            && !loop.coherence.conditions.isPaused(now: now)
    }

    private var relayKey: RelayKey? { loop.relayKey(of: matcher.state, in: pool) }

    /// Leaves a connection that the session needs no longer and that nothing is left on.
    func leaveConnection() {
        guard case .open(let connection) = relay, matcher.isClean, reads.isEmpty, held == nil, intake == .commands,
            !isWithdrawn, !identity.isBound, connection.mayBeLeft, let key = relayKey
        else { return }
        guard key.isFillUser || mayLogInElsewhere else { return }
        guard key.isFillUser || connection.isProven || !connection.ask(.admission(key.version)) else { return }
        relay = .none
        if key.isFillUser || connection.isProven { pool.leave(connection, key) } else { connection.close() }
    }

    /// Whether a new connection would do as well as the one that the client has logged in on: not where the server has come to ask for a
    /// password meanwhile.
    private var mayLogInElsewhere: Bool {
        guard pool.admittedAt <= loggedIn else { return true }
        pool.awaitAdmission(self)
        return false
    }

    private func relayOpened(_ result: Result<OpenedRelay, any Error>) {
        do {
            let opened = try result.get()
            guard !isClosed else {
                opened.channel.close(promise: nil)
                return
            }
            let connection = RelayConnection(opened)
            try opened.channel.pipeline.syncOperations.addHandler(connection)
            relay = .open(connection)
            noteCertificateLogIn(connection)
            connection.attach(self)
            noteConnection(connection)
        } catch {
            connectingFailed(error as? BackingError ?? .lost)
        }
        scheduleTurn()
    }

    private func sharedConnectionOpened(_ error: BackingError?) {
        guard !isClosed else { return }
        relay = .none
        if let error { connectingFailed(error) }
        scheduleTurn()
    }

    /// Where the server has come to ask for a password, the pool knows by now, and there is another way.
    private func connectingFailed(_ error: BackingError) {
        if refusesCertificate(error) { return }
        relay = pool.isRetired && error.asksForPassword ? .none : .failed(error)
    }
}

extension RESPSession: AdmissionWaiter {
    func newConnectionWouldDo() { scheduleTurn() }
}

extension RESPSession: RelayReceiver {
    var matchesReplies: Bool { matcher.matchesReplies }

    func judge(_ reply: ReplyGlimpse) -> Bool {
        switch matcher.judge(reply) {
        case .clients: return false
        case .own: return true
        case .ownRefused:
            loop.proofWasRefused(of: matcher.state.user)
            return true
        }
    }

    var takesMore: Bool { held == nil && (channel.isWritable || !channel.isActive) || isClosed }

    func ownQuestionAnswered() { scheduleTurn() }

    func replyBegins(type: UInt8) {
        let beginning = matcher.replyBegins(type: type)
        lowerFences(beginning.fences)
        if beginning.becomesTunnel { intake = .tunnel }
    }

    func treatReply(type: UInt8) -> ReplyTreatment? {
        replyBegins(type: type)
        guard matcher.matchesReplies else { return nil }
        var treatment = matcher.treatment(ofReply: type)
        if type == UInt8(ascii: ">"), identity.redirection != nil { treatment.replacing = .push }
        return treatment
    }

    func replyEnded(_ reply: ReplyGlimpse) {
        let matched = matcher.replyEnded(reply)
        if awaitsLine { lineAnswered(reply) }
        lowerFences(matched.fences)
        confirmed(matched.event)
        guard let started = matched.started else { return }
        let now = relayReadTime ?? MonotonicClock.now()
        relayReadTime = now
        loop.metrics.requestsEnded(.resp, .relay, reply.isError ? .error : .ok, nanoseconds: now &- started)
    }

    private func lineAnswered(_ reply: ReplyGlimpse) {
        guard matcher.isEmpty else { return }
        awaitsLine = false
        if reply.starts(with: "-ERR Protocol error") { intake = .ended }
    }

    /// Before the client is told of it: whoever is told that all clients are paused sends what is held next.
    private func confirmed(_ event: ConfirmedEvent) {
        switch event {
        case .none: break
        case .loggedIn:
            if case .open(let connection) = relay { connection.isLoggedIn(true) }
            loggedIn = MonotonicClock.now()
            loop.node.clientLoggedIn()
        case .reset:
            if case .open(let connection) = relay { connection.isLoggedIn(false) }
            // It is what a new client is.
            loggedIn = 0
            pool = loop.pool
            awaitsNewConnection = reconnectsOnReset
        case .paused(.begin(let milliseconds)):
            loop.coherence.conditions.paused(milliseconds: milliseconds, now: relayReadTime ?? MonotonicClock.now())
        case .paused(.end): loop.coherence.conditions.unpaused()
        }
    }

    func relayed(_ bytes: ByteBuffer) {
        guard !isClosed, bytes.readableBytes > 0 else { return }
        lastRelayed = relayReadTime ?? MonotonicClock.now()
        noteMonitoring()
        if holdsEverything { holdReplies() }
        guard held == nil else {
            held?.bytes.append(bytes)
            return
        }
        writeOutput()
        send(bytes)
    }

    /// To be called before the client is told that it is in `MONITOR`.
    func noteMonitoring() {
        let isMonitoring = matcher.state.matching == .monitoring
        guard isMonitoring != self.isMonitoring else { return }
        self.isMonitoring = isMonitoring
        let conditions = loop.coherence.conditions
        guard !isMonitoring else { return conditions.monitorBegan() }
        conditions.monitorEnded()
        loop.coherence.awaitBarrier(since: MonotonicClock.now(), on: eventLoop) { conditions.cacheIsCurrent() }
    }

    func relayReadCompleted() {
        relayReadTime = nil
        guard !isClosed else { return }
        flush()
        if awaitsNewConnection, case .open(let connection) = relay {
            // A new one is logged in again, as a new client's would be.
            connection.close()
            relay = .none
            matcher.connectionReplaced()
        }
        awaitsNewConnection = false
        process()
    }

    func relayBecameWritable() {
        process()
    }

    func relayEnded(error: BackingError?, isInsideReply: Bool) {
        guard !isClosed else { return release() }
        guard held == nil else {
            held?.end = (error, isInsideReply)
            return
        }
        let wasIdle =
            isIdle && intake == .commands && matcher.isClean && !identity.isBound && !isInsideReply && isReplaceable
        dropFences(matcher.connectionEnded())
        relay = .none
        awaitsNewConnection = false
        if wasIdle, error == nil {
            // Nothing was on that connection that a new one would not have.
            scheduleTurn()
            return
        }
        if let error, !isInsideReply { answer(.error(error.message)) }
        flushOutput()
        close()
    }
}
