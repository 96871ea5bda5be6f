import NIOCore
import RESPParser

/// Commands: what the client sends, taken one by one and sent where it belongs.
extension RESPSession {
    func takeCommands(now: UInt64) {
        isWaiting = false
        // Once for all of them: what follows a log-in waits for its reply. Where replies are not matched it is not known who the client is, but the
        // server looks at the limits all the same.
        let mustLogIn = asksForPassword && matcher.state.hasNotLoggedIn && matcher.state.matching != .unmatched
        parser.limits = mustLogIn ? .redisUnauthenticated : loop.router.limits
        while !isWaiting {
            switch intake {
            case .ended:
                inbound.clear()
                return
            case .tunnel:
                forward(&inbound, length: inbound.readableBytes)
                return
            case .commands, .streaming, .skipping:
                guard inbound.readableBytes > 0, canForward, takeNext(now: now) else { return }
            }
        }
    }

    /// False while the server does not take what was sent to it: then the client has to wait as well.
    ///
    /// Also while there is no server, and the client does not take the errors that say so.
    var canForward: Bool {
        guard case .open(let connection) = relay else {
            return loop.outage == nil || channel.isWritable || !channel.isActive
        }
        return connection.isWritable
    }

    /// Takes one command, or one piece of a large one.
    ///
    /// - Returns: False when more bytes are needed.
    func takeNext(now: UInt64) -> Bool {
        if awaitsLine || asksForPassword && matcher.isAuthenticating {
            isWaiting = true
            return false
        }
        let result: CommandParseResult
        // A span needs an owner that stays: without run-time checks of exclusive access, a class's property is none.
        let received = inbound
        do throws(ProtocolError) {
            result = try parser.parse(received.readableBytesSpan)
        } catch {
            end(with: error)
            return false
        }
        switch result {
        case .incomplete where intake == .commands:
            return takePart(now: now)
        case .incomplete:
            pass(length: inbound.readableBytes)
            return false
        case .nothing(let length):
            guard matcher.takeEmptyCommand() else {
                isWaiting = true
                return false
            }
            inbound.moveReaderIndex(forwardBy: length)
        case .multibulk(let length) where intake != .commands:
            pass(length: length)
            intake = .commands
        case .multibulk(let length):
            let command = CommandView(
                buffer: received, arguments: parser.arguments, isFramedToTheLetter: parser.isFramedToTheLetter)
            take(command, now: now) { session in
                session.forward(&session.inbound, length: length)
            } drop: {
                $0.inbound.moveReaderIndex(forwardBy: length)
            }
        case .inline(let length):
            var encoded = ByteBuffer(bytes: parser.inlineAsMultibulk)
            let command = CommandView(buffer: encoded, arguments: parser.arguments)
            take(command, now: now) { session in
                session.inbound.moveReaderIndex(forwardBy: length)
                session.forward(&encoded, length: encoded.readableBytes)
            } drop: {
                $0.inbound.moveReaderIndex(forwardBy: length)
            }
        case .line(let length):
            let name = CommandView(buffer: received, arguments: parser.arguments)
            take(line: name, length: length, now: now)
        }
        return true
    }

    /// Sends a line that only the server can split as it came. Nothing follows it before its answer has come: if it is a protocol error the
    /// server closes.
    private func take(line name: CommandView, length: Int, now: UInt64) {
        let router = loop.router
        let announcesChanges = loop.coherence.announcesChanges
        switch router.route(line: name, standing(for: router.access), announcesChanges: announcesChanges) {
        case .wait, .read, .readTogether: isWaiting = true
        case .hangUp: hangUp()
        case .relay(let relayed):
            relay(relayed, now: now) { session in
                session.awaitsLine = session.matcher.state.matching == .byReply
                session.forward(&session.inbound, length: length)
            } drop: {
                $0.inbound.moveReaderIndex(forwardBy: length)
            }
        }
    }

    func hangUp() {
        intake = .ended
        flushForwards()
        flushOutput()
        close()
    }

    /// Whether tighter limits hold for clients that are not logged in.
    var asksForPassword: Bool { pool.admitsAnonymous == false && !loop.configuration.trustsClients }

    /// Sends a command where it belongs, or leaves it where it is until it can be.
    func take(
        _ command: CommandView, now: UInt64, forward: (RESPSession) -> Void, drop: (RESPSession) -> Void
    ) {
        let router = loop.router
        let announcesChanges = loop.coherence.announcesChanges
        switch router.route(command, standing(for: router.access), announcesChanges: announcesChanges) {
        case .wait:
            isWaiting = true
        case .hangUp:
            hangUp()
        case .read:
            let isCurrent = isCurrent
            if !isCurrent, held != nil || loop.coherence.mayServe(now: now) {
                awaitBarrier()
                isWaiting = true
            } else {
                if !read(command, isCurrent: isCurrent, now: now) { isWaiting = true } else { drop(self) }
            }
        case .readTogether:
            switch readTogether(command, now: now) {
            case .answered: drop(self)
            case .waiting: isWaiting = true
            case .missing:
                let relayed = router.describe(command, announcesChanges: announcesChanges)
                relay(relayed, now: now, forward: forward, drop: drop)
            }
        case .relay(let relayed) where relayed.namesClients:
            relayNaming(command, relayed, now: now, forward: forward, drop: drop)
        case .relay(let relayed):
            relay(relayed, now: now, forward: forward, drop: drop)
        }
    }

    /// Sends a command that names clients by their ids, with the server's in the place of ours.
    private func relayNaming(
        _ command: CommandView, _ relayed: RelayedCommand, now: UInt64, forward: (RESPSession) -> Void,
        drop: (RESPSession) -> Void
    ) {
        guard let identifiers = resolve(command) else {
            isWaiting = true
            return
        }
        guard !identifiers.isEmpty else { return relay(relayed, now: now, forward: forward, drop: drop) }
        relay(relayed, now: now) { session in
            drop(session)
            session.named(command, identifiers)
        } drop: { session in
            drop(session)
            session.identity.named = .none
        }
    }

    private func named(_ command: CommandView, _ identifiers: [Int: Int]) {
        identity.named = .none
        if let told = command.redirection, let ofServer = identifiers[told] { identity.redirection = (ofServer, told) }
        var bytes = command.encoded(replacing: identifiers)
        forward(&bytes, length: bytes.readableBytes)
    }

    /// Each property by itself: passed on as a whole, the matcher and the queue would be copied.
    private func standing(for access: CacheAccess) -> SessionStanding {
        let isServed = matcher.isEmpty && matcher.state.mayBeAnsweredFromCache(access: access)
        return SessionStanding(
            mayBeAnsweredFromCache: isServed,
            canAnswerHere: canAnswerHere, holdsRelay: reads.holdsRelay, awaitsProof: !isServed && matcher.awaitsProof,
            hasNoReads: reads.isEmpty,
            takesReads: reads.pendingCount < reads.pendingLimit, outstanding: matcher.count,
            mayLeaveConnection: matcher.mayLeaveConnection(onReset: reconnectsOnReset),
            replies: matcher.state.replies)
    }

    /// Sends a command to the backing, or leaves it where it is until it can be.
    private func relay(
        _ relayed: RelayedCommand, now: UInt64, forward: (RESPSession) -> Void, drop: (RESPSession) -> Void
    ) {
        if case .quit = relayed.change, !hasOwnConnection {
            intake = .ended
            lastReply = ByteBuffer(string: "+OK\r\n")
            return
        }
        guard !relayed.concernsClients || hasSettled(), relayed.identifierReply != .list || hasListed() else {
            isWaiting = true
            return
        }
        if user != nil, mayLoseUser(by: relayed.change) { return refuseToLoseUser() }
        switch attach(for: relayed, now: now) {
        case .ready:
            newcomers = .unknown
            identity.listing = .none
            relayOnWire(relayed, now: now, forward: forward, drop: drop)
        case .failed(let error):
            drop(self)
            loop.metrics.requestsEnded(.resp, .relay, error.outcome, nanoseconds: nil)
            answer(.error(error.message))
        case .waiting:
            isWaiting = true
        }
    }

    /// Whether who has connected before this moment, on whichever event loop, has what a client has at the server.
    private func hasSettled() -> Bool {
        switch newcomers {
        case .settled: return true
        case .awaited: return false
        case .unknown: break
        }
        newcomers = .awaited
        loop.allLoops.taken(on: eventLoop).assumeIsolated().whenComplete { [self] _ in
            newcomers = .settled
            scheduleTurn()
        }
        return false
    }

    /// Sends what goes to the server for a command: mostly the command itself.
    private func relayOnWire(
        _ relayed: RelayedCommand, now: UInt64, forward: (RESPSession) -> Void, drop: (RESPSession) -> Void
    ) {
        if let substitute = relayed.substitute {
            begin(relayed, now: now)
            drop(self)
            RESPEncoder.command(substitute, into: &forwards)
            return
        }
        let rewrite = ClientReplyRewrite(for: relayed.change, in: matcher.state)
        switch rewrite {
        case .asSent:
            begin(relayed, now: now)
            forward(self)
        case .askedFor:
            begin(relayed, now: now)
            drop(self)
            RESPEncoder.command(ClientReplyRewrite.ask, into: &forwards)
        case .silenced, .skipped:
            RESPEncoder.command(
                rewrite == .silenced ? ClientReplyRewrite.silence : ClientReplyRewrite.skip, into: &forwards)
            matcher.giveUpMatching()
            begin(relayed, now: now)
            forward(self)
        case .unmatched:
            matcher.giveUpMatching()
            begin(relayed, now: now)
            forward(self)
        case .notPossible:
            loop.logger.info(
                "a client is closed that switches its replies on inside a transaction",
                metadata: ["client": "\(client.map(\.endpoint) ?? "")"])
            close()
        }
    }

    /// An unfinished command: kept while it is small, passed on as it comes once it is large.
    func takePart(now: UInt64) -> Bool {
        guard inbound.readableBytes >= Self.streamingThreshold, let announced = parser.announcedArguments else {
            return false
        }
        let command = CommandView(
            buffer: inbound, arguments: parser.arguments, announced: max(announced, parser.arguments.count + 1))
        take(command, now: now) { session in
            session.intake = .streaming
            let length = session.parser.startStreaming()
            session.forward(&session.inbound, length: length)
        } drop: { session in
            session.intake = .skipping
            session.inbound.moveReaderIndex(forwardBy: session.parser.startStreaming())
        }
        return intake != .commands
    }

    /// Passes on, or drops, a piece of a large command.
    func pass(length: Int) {
        if intake == .streaming {
            forward(&inbound, length: length)
        } else {
            inbound.moveReaderIndex(forwardBy: length)
        }
    }

    func end(with error: ProtocolError) {
        // Where it is not known whether all before it has been answered, the server is to say so itself, behind that.
        if !matcher.state.matchesReplies, case .open = relay {
            forward(&inbound, length: inbound.readableBytes)
            intake = .ended
            return
        }
        if intake == .streaming { isCommandBroken = true }
        var reply = ByteBuffer()
        RESPEncoder.protocolError(error, into: &reply)
        intake = .ended
        lastReply = reply
    }
}
