import BackingClient
import NIOCore
import RESPParser
import Time
import TransportSecurity

/// Who has commands to send to a server: a session.
protocol AttachmentOwner: RelayReceiver, SharedReplyReceiver, AdmissionWaiter {
    /// What the connection was waited for can go on, or has failed.
    func connectionStands()
    /// The connection that stands now is logged in as the user whom the client's certificate names.
    func certificateLoggedIn(as user: CertificateUser)
    /// The server does not let that user in: the client is told so, and closed.
    func certificateWasRefused(_ user: CertificateUser, _ error: BackingError)
}

/// The connection to a server that a session uses at present, if any: shared with others, or its own. A session has commands outstanding
/// on one connection at most.
///
/// All that may end, replace or change hands of that connection is in this one file of more than 300 lines: what is allowed depends on how it was
/// attached.
final class Attachment {
    /// Whether a command can go out now.
    enum Outcome {
        case ready
        /// Once something outstanding has been answered, or a connection stands.
        case waiting
        /// The server cannot be reached; told once.
        case failed(BackingError)
    }

    private enum State {
        case none
        case connecting
        /// The next command that needs a connection is answered with this.
        case failed(BackingError)
        /// The session's own.
        case own(RelayConnection)
        /// Held while commands of the session are outstanding on it.
        case shared(SharedConnection)
        /// The session is over.
        case ended
    }

    /// Commands that a session may have outstanding on a shared connection.
    static let sharedCommandLimit = 1_024
    /// A session that met a large reply may ask for more of the kind: so many of its next commands do not share a connection.
    private static let unsharedAfterLargeReply = 64
    /// A reply is large that has so many bytes.
    private static let largeReply = 65_536

    /// Of the server to which the connection leads, or will.
    private var source: any RelaySource
    private var conditions: ServerConditions
    /// Whom the client's certificate names, if it does.
    private let user: CertificateUser?
    private var pool: RelayPool
    private var state = State.none
    /// Commands to be written to the session's own connection at the end of the turn.
    private var outgoing = ByteBuffer()
    /// So many of the next commands do not share a connection, because a reply turned out large.
    private var commandsUnshared = 0
    /// Nothing has been relayed yet.
    private var isNew = true
    /// When the client logged in; in the distant past: it has not.
    private var loggedIn = Instant.distantPast
    /// `RESET` has logged the connection out: the session is to get a new one.
    private var isLoggedOut = false
    /// The end of the client's input has been passed on.
    private(set) var isEndPassedOn = false
    /// The client knows itself by an id of ours, for which the server's must be known.
    var needsIdentifier = false
    /// Somebody has named the client: it keeps the connection that it was found by.
    var isBound = false

    init(source: any RelaySource, conditions: ServerConditions, user: CertificateUser? = nil) {
        self.source = source
        self.conditions = conditions
        self.user = user
        pool = source.pool
    }

    // MARK: What stands

    /// The session's own connection.
    @inline(__always)
    var own: RelayConnection? { if case .own(let connection) = state { connection } else { nil } }

    var isConnecting: Bool { if case .connecting = state { true } else { false } }

    /// Whether it shares the connection that it uses.
    var isShared: Bool { if case .shared = state { true } else { false } }

    /// Whether the session's own connection is in the middle of a reply or a push: nothing may be written to the client in between.
    @inline(__always)
    var isInsideReply: Bool { own.map { !$0.isAtFrameStart } ?? false }

    /// Whether the server lets a client in that gives no password, as far as it is known for this session; nil: not at all.
    var admitsAnonymous: Bool? { pool.admitsAnonymous }

    /// What kind of connection would do for the session; nil where only its own does.
    func key(for session: SessionState) -> RelayKey? { source.relayKey(of: session, in: pool) }

    // MARK: Attaching

    /// Finds out whether a command may go on the connection that there is.
    ///
    /// - Parameters:
    ///   - outstanding: Replies that the session waits for.
    ///   - takesReplies: Whether the client takes its replies: those on a shared connection are kept here while it does not; with one of the
    ///     session's own the server keeps them.
    ///   - holdsReplies: Whether replies of the connection are held back.
    /// - Returns: nil where another connection has to be found, by ``attachAnew(for:_:takesReplies:now:owner:)``.
    func attach(
        for command: RelayedCommand, outstanding: Int, takesReplies: @autoclosure () -> Bool, holdsReplies: Bool,
        now: Instant
    ) -> Outcome? {
        switch state {
        case .own: return .ready
        case .connecting: return .waiting
        case .failed(let error):
            state = .none
            return .failed(error)
        case .shared(let connection) where outstanding > 0:
            let goesOn =
                command.isShareable && outstanding < Self.sharedCommandLimit && takesReplies() && mayShare(now: now)
                && connection.goesOn(hasShortReply: command.hasShortReply)
            return goesOn ? .ready : .waiting
        case .shared(let connection)
        where !holdsReplies && command.isShareable && takesReplies() && mayShare(now: now)
            && connection.takesMore(now: now, hasShortReply: command.hasShortReply):
            // The session is what it was when it took that connection: what changes it is not shared.
            return .ready
        case .none, .shared, .ended: return holdsReplies ? .waiting : nil
        }
    }

    /// Takes a connection that others share or have left, or opens one. Nothing is outstanding.
    func attachAnew(
        for command: RelayedCommand, _ session: SessionState, takesReplies: Bool, now: Instant,
        owner: any AttachmentOwner
    ) -> Outcome {
        // Nothing was given to it yet that a newcomer would not be given.
        if isNew, pool.isRetired { pool = source.pool }
        // Before anything is opened: a Unix socket may stand at once.
        state = .connecting
        let key = key(for: session)
        if command.isShareable, takesReplies, mayShare(now: now), let key {
            // What a client says first goes where a command that blocks would follow it: the server serves one connection in order,
            // but not two.
            if isNew, let spare = pool.standingSpare(key, forNewcomer: true) { return take(spare, owner) }
            let found = pool.sharedConnection(key, hasShortReply: command.hasShortReply, now: now) { [self] error in
                sharedConnectionOpened(error, owner)
            }
            switch found {
            case .ready(let connection):
                state = .shared(connection)
                return .ready
            case .opening:
                return awaitConnection()
            case .none: break
            }
        }
        if let key, let spare = pool.takeSpare(key, forNewcomer: isNew) { return take(spare, owner) }
        if let key, pool.isRetired, !key.isFillUser {
            pool.awaitSpare(key) { [self] in spareLeft($0, key, owner) }
            return awaitConnection()
        }
        let user = session.user == .ofCertificate ? user : nil
        source.openRelay(key, as: user).assumeIsolated().whenComplete { [self] result in
            relayOpened(result, as: user, owner)
        }
        return awaitConnection()
    }

    /// The connection is to lead to another server. To be called while nothing is outstanding.
    ///
    /// - Returns: False where the session has a connection of its own, or is about to: it goes nowhere else before that is left.
    func move(to source: any RelaySource, conditions: ServerConditions) -> Bool {
        switch state {
        case .own, .connecting: return false
        case .none, .failed, .shared, .ended: break
        }
        if !hasEnded { state = .none }
        self.source = source
        self.conditions = conditions
        pool = source.pool
        return true
    }

    private func mayShare(now: Instant) -> Bool {
        commandsUnshared == 0 && !isBound && !conditions.isPaused(now: now)
    }

    private func take(_ connection: RelayConnection, _ owner: any AttachmentOwner) -> Outcome {
        state = .own(connection)
        connection.attach(owner)
        // Later it may be too late to ask: behind a command that blocks.
        if needsIdentifier { _ = connection.ask(.identifier) }
        return .ready
    }

    /// A connection is being opened; while the server is known to be away that fails at once. Where it stands already, the owner is told.
    private func awaitConnection() -> Outcome {
        guard case .failed(let error) = state else { return .waiting }
        state = .none
        return .failed(error)
    }

    private var hasEnded: Bool { if case .ended = state { true } else { false } }

    /// Somebody has left a connection that this session waited for, or nobody has.
    private func spareLeft(_ spare: RelayConnection?, _ key: RelayKey, _ owner: any AttachmentOwner) {
        guard !hasEnded else {
            if let spare { pool.leave(spare, key) }
            return
        }
        if let spare { _ = take(spare, owner) } else { state = .failed(.noneLetInBefore) }
        owner.connectionStands()
    }

    private func relayOpened(
        _ result: Result<OpenedRelay, any Error>, as user: CertificateUser?, _ owner: any AttachmentOwner
    ) {
        do {
            let opened = try result.get()
            guard !hasEnded else {
                opened.channel.close(promise: nil)
                return
            }
            let connection = RelayConnection(opened)
            try opened.channel.pipeline.syncOperations.addHandler(connection)
            if let user {
                owner.certificateLoggedIn(as: user)
                connection.isLoggedIn(true)
                loggedIn = MonotonicClock.now()
            }
            _ = take(connection, owner)
        } catch {
            guard !hasEnded else { return }
            let error = error as? BackingError ?? .lost
            if let user, error.refusesUser {
                state = .none
                owner.certificateWasRefused(user, error)
            } else {
                connectingFailed(error)
            }
        }
        owner.connectionStands()
    }

    private func sharedConnectionOpened(_ error: BackingError?, _ owner: any AttachmentOwner) {
        guard !hasEnded else { return }
        state = .none
        if let error { connectingFailed(error) }
        owner.connectionStands()
    }

    /// Where the server has come to ask for a password, the pool knows by now, and there is another way.
    private func connectingFailed(_ error: BackingError) {
        state = pool.isRetired && error.asksForPassword ? .none : .failed(error)
    }

    // MARK: Sending

    /// A command is about to be sent.
    func begin(_ command: RelayedCommand) {
        isNew = false
        if commandsUnshared > 0 { commandsUnshared -= 1 }
    }

    /// Sends a command, or a part of one, at the end of the turn.
    func send(_ bytes: ByteBuffer, hasShortReply: Bool, now: Instant, for owner: any AttachmentOwner) {
        guard bytes.readableBytes > 0 else { return }
        switch state {
        case .shared(let connection):
            connection.forward(bytes, for: owner, hasShortReply: hasShortReply, now: now)
        case .own(let connection) where bytes.readableBytes >= ReplyOutput.referenceThreshold:
            flush()
            connection.write(bytes)
            connection.flush()
        case .own:
            outgoing.writeImmutableBuffer(bytes)
            if outgoing.readableBytes >= ClientInput.streamingThreshold { flush() }
        case .none, .connecting, .failed, .ended: break
        }
    }

    /// Sends a command of words on the session's own connection.
    func send(words: [[UInt8]]) { RESPEncoder.command(words, into: &outgoing) }

    /// Sends what has been collected for the session's own connection.
    func flush() {
        guard outgoing.readableBytes > 0, case .own(let connection) = state else { return }
        connection.write(outgoing)
        connection.flush()
        outgoing = ByteBuffer()
    }

    /// A reply on the shared connection has ended.
    func replyEnded(length: Int) {
        if length >= Self.largeReply { commandsUnshared = Self.unsharedAfterLargeReply }
    }

    /// Reads on what the server has sent, for a client that takes more.
    func readMore() {
        switch state {
        case .shared(let connection): connection.readOn()
        case .own(let connection): connection.readMore()
        case .none, .connecting, .failed, .ended: break
        }
    }

    // MARK: Who the client is there

    func clientLoggedIn(now: Instant) {
        own?.isLoggedIn(true)
        loggedIn = now
    }

    /// `RESET` is answered: the client is what a new one is.
    ///
    /// - Parameter needsLogIn: Whether a new client's connection is logged in first.
    func clientWasReset(needsLogIn: Bool) {
        own?.isLoggedIn(false)
        loggedIn = .distantPast
        pool = source.pool
        isLoggedOut = needsLogIn
    }

    // MARK: Leaving

    /// What came together has been passed on: a connection that is logged out is given up for a new one.
    ///
    /// - Returns: Whether that has happened.
    func replaceIfLoggedOut() -> Bool {
        guard isLoggedOut else { return false }
        isLoggedOut = false
        guard case .own(let connection) = state else { return false }
        connection.close()
        state = .none
        return true
    }

    /// Whether another connection would do in the place of the session's own, once nothing is left on that.
    func isReplaceable(for session: SessionState) -> Bool { !isEndPassedOn && !isBound && key(for: session) != nil }

    /// Leaves the session's own connection, on which nothing is left, if another would do as well.
    func leave(_ session: SessionState, owner: any AttachmentOwner) {
        guard case .own(let connection) = state, !isEndPassedOn, !isBound, connection.mayBeLeft,
            let key = key(for: session)
        else { return }
        if !key.isFillUser {
            guard mayLogInElsewhere(owner), connection.isProven || !connection.ask(.admission(key.version)) else {
                return
            }
        }
        state = .none
        if key.isFillUser || connection.isProven { pool.leave(connection, key) } else { connection.close() }
    }

    /// Whether a new connection would do as well as the one that the client has logged in on: not where the server has come to ask for a
    /// password meanwhile.
    private func mayLogInElsewhere(_ owner: any AttachmentOwner) -> Bool {
        guard pool.admittedAt <= loggedIn else { return true }
        pool.awaitAdmission(owner)
        return false
    }

    /// The connection has ended.
    func connectionEnded() {
        isLoggedOut = false
        if !hasEnded { state = .none }
    }

    /// Passes the end of the client's input on: the server then does with what it has received what it would do for a client of
    /// its own, and closes.
    ///
    /// - Returns: False where there is no connection of the session's own to pass it on.
    func passEndOn() -> Bool {
        guard !isEndPassedOn else { return true }
        isEndPassedOn = true
        guard case .own(let connection) = state else { return false }
        connection.finish()
        return true
    }

    /// The session ends: what was written is still sent, and what is outstanding is waited for.
    ///
    /// - Parameter isWaiting: Whether something is outstanding.
    /// - Returns: Whether nothing is left to be waited for.
    func finish(isWaiting: Bool) -> Bool {
        switch state {
        case .own(let connection) where connection.isOpen:
            connection.finish()
            return false
        case .shared where isWaiting: return false
        case .none, .connecting, .failed, .shared, .own, .ended: return true
        }
    }

    /// Ends the session's own connection at once. What is outstanding on a shared connection is answered there, to nobody.
    ///
    /// - Returns: As ``finish(isWaiting:)``.
    func cut(isWaiting: Bool) -> Bool {
        switch state {
        case .own(let connection): connection.cut()
        case .shared where isWaiting: return false
        case .none, .connecting, .failed, .shared, .ended: break
        }
        return true
    }

    /// Nothing is waited for any more.
    func release() { state = .ended }
}
