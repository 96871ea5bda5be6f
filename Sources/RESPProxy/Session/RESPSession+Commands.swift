import BackingClient
import LocalCache
import NIOCore
import RESPParser
import Time

/// Commands: what the client sends, taken one by one and sent where it belongs.
extension RESPSession {
    /// What has become of what stands first in the input.
    private enum Taking {
        case taken
        /// It stays where it is until something that is outstanding has come.
        case waits
        /// More must come from the client.
        case needsMore
    }

    /// Takes what has come, as far as it can be dealt with now.
    ///
    /// - Returns: Whether a command waits for something that is outstanding.
    func takeCommands(now: Instant) -> Bool {
        if user != nil, matcher.hasLostReset, !end.isHangingUp { refuseToLoseUser() }
        if limitsDoubt == .asked { return true }
        // Once for all of them: what follows a log-in waits for its reply. Where replies are not matched it is not known who the client is, but the
        // server looks at the limits all the same.
        input.limit(to: mustLogIn ? .redisUnauthenticated : node.router.limits)
        while true {
            switch input.intake {
            case .ended:
                input.clear()
                return false
            case .tunnel:
                send(input.takeAll())
                return false
            case .commands, .streaming, .skipping:
                guard input.readableBytes > 0, canForward else { return false }
                switch takeNext(now: now) {
                case .taken: continue
                case .waits: return true
                case .needsMore: return false
                }
            }
        }
    }

    /// False while the server does not take what was sent to it: then the client has to wait as well.
    ///
    /// Also while there is no server, and the client does not take the errors that say so.
    var canForward: Bool {
        guard let own = attachment.own else { return node.outage == nil || channel.isWritable || !channel.isActive }
        return own.isWritable
    }

    /// Whether tighter limits hold for this client.
    private var mustLogIn: Bool {
        asksForPassword && matcher.state.hasNotLoggedIn && matcher.state.matching != .unmatched
    }

    /// Whether the server is asked, before a client that is not logged in is refused by tighter limits, if they still hold: it may have ceased to ask
    /// for a password since it was last looked at.
    private func mayHaveOtherLimits() -> Bool {
        guard mustLogIn, limitsDoubt == .none, input.isRight(within: node.router.limits) else { return false }
        limitsDoubt = .asked
        node.askAdmission().assumeIsolated().whenComplete { [self] _ in
            limitsDoubt = .answered
            input.startAnew()
            scheduleTurn()
        }
        return true
    }

    /// Whether tighter limits hold for clients that are not logged in.
    private var asksForPassword: Bool { attachment.admitsAnonymous == false && !loop.configuration.trustsClients }

    /// Takes one command, or one piece of a large one.
    private func takeNext(now: Instant) -> Taking {
        if matcher.isBehindLine || matcher.isAuthenticating && asksForPassword { return .waits }
        switch input.next() {
        case .command(let command):
            return take(command, now: now) ? .taken : .waits
        case .nothing:
            return .needsMore
        case .part(let length, let isLast):
            if let part = input.takePart(length: length, isLast: isLast) { send(part) }
            return isLast ? .taken : .needsMore
        case .empty(let length):
            guard matcher.takeEmptyCommand() else { return .waits }
            input.dropEmpty(length: length)
            return .taken
        case .malformed(let error):
            if mayHaveOtherLimits() { return .waits }
            endMalformed(error)
            return .needsMore
        }
    }

    /// Sends a command where it belongs.
    ///
    /// - Returns: False where it must wait, and stays where it is.
    private func take(_ command: ParsedCommand, now: Instant) -> Bool {
        let router = node.router
        let announcesChanges = node.coherence.announcesChanges
        // As it is returned: kept, it would be copied.
        switch route(command, by: router, announcesChanges: announcesChanges) {
        case .wait: return false
        case .hangUp:
            hangUp()
            return true
        case .read(let read, let server):
            let owner = loop.nodes.reads(from: server)
            let isCurrent = isCurrent(by: owner.coherence)
            if !isCurrent, held.isHolding || owner.coherence.mayServe(now: now) {
                guard !held.isHolding, readMissing(read, command.view, from: owner, now: now) else {
                    awaitBarrier(of: owner.coherence, since: freshness.lastRelayed)
                    return false
                }
                input.drop(command)
                return true
            }
            guard self.read(read, command.view, from: owner, isCurrent: isCurrent, now: now) else { return false }
            input.drop(command)
            return true
        case .multiGet(let server):
            switch readSeveral(command.view, from: loop.nodes.reads(from: server), now: now) {
            case .answered:
                input.drop(command)
                return true
            case .waiting: return false
            case .missing:
                let relayed = router.describe(command.view, announcesChanges: announcesChanges)
                return relay(
                    command, relayed, to: staysWithServer ? node.server : server, replacing: nil, now: now)
            }
        case .relay(let relayed, let server):
            var identifiers: [Int: Int]?
            if relayed.namesClients {
                guard let named = identity.resolve(command.view, for: self) else { return false }
                if !named.isEmpty { identifiers = named }
            }
            return relay(command, relayed, to: server, replacing: identifiers, now: now)
        }
    }

    @inline(__always)
    private func route(_ command: ParsedCommand, by router: CommandRouter, announcesChanges: Bool) -> Route {
        let standing = standing(for: router.access)
        guard command.form != .line else {
            return router.route(line: command.view, standing, announcesChanges: announcesChanges)
        }
        return router.route(command.view, standing, announcesChanges: announcesChanges)
    }

    /// Closes without a word, behind what was sent and answered before: at the end of the turn, or once replies that are held have gone out.
    func hangUp() {
        input.end()
        end.hangUp()
    }

    /// Each property by itself: passed on as a whole, the matcher and the queue would be copied.
    private func standing(for access: CacheAccess) -> SessionStanding {
        let isServed = matcher.isEmpty && matcher.state.mayBeAnsweredFromCache(access: access)
        return SessionStanding(
            server: node.server, staysWithServer: staysWithServer, mayBeAnsweredFromCache: isServed,
            canAnswerHere: canAnswerHere, holdsRelay: reads.holdsRelay, awaitsProof: !isServed && matcher.awaitsProof,
            hasNoReads: reads.isEmpty,
            takesReads: reads.pendingCount < reads.pendingLimit, outstanding: matcher.count,
            mayLeaveConnection: matcher.mayLeaveConnection(onReset: reconnectsOnReset),
            replies: matcher.state.replies)
    }

    // MARK: Relaying

    /// Sends a command to a server.
    ///
    /// - Parameter identifiers: What goes in the place of ids that it names; nil: nothing does.
    /// - Returns: False where it must wait.
    private func relay(
        _ command: ParsedCommand, _ relayed: RelayedCommand, to server: ServerID, replacing identifiers: [Int: Int]?,
        now: Instant
    ) -> Bool {
        if case .quit = relayed.change, attachment.own == nil {
            input.end()
            output.end(with: ByteBuffer(string: "+OK\r\n"))
            return true
        }
        guard !relayed.involvesOtherClients || earlierClientsArePresent(),
            relayed.identifierReply != .list || identity.hasListed(for: self)
        else { return false }
        if user != nil, mayLoseUser(by: relayed.change) {
            refuseToLoseUser()
            return true
        }
        switch attach(for: relayed, at: server, now: now) {
        case .waiting: return false
        case .ready:
            earlierClients = .unknown
            send(command, relayed, replacing: identifiers, now: now)
        case .failed(let error):
            input.drop(command)
            refuse(error)
            // What was sent behind it was meant for the session that it would have made: in another database, in a transaction. Straight, the
            // connection would have ended.
            if !relayed.change.isNone, input.readableBytes > 0 { hangUp() }
        }
        if relayed.namesClients || relayed.identifierReply == .list { identity.commandIsDone() }
        return true
    }

    /// Answers with an error of the proxy's own in the server's place.
    func refuse(_ error: BackingError) {
        loop.metrics.requestsEnded(.resp, .relay, error.outcome, took: nil)
        output.write(.error(error.message), matcher.state.version)
    }

    @inline(__always)
    func attach(for relayed: RelayedCommand, at server: ServerID, now: Instant) -> Attachment.Outcome {
        guard move(to: server) else { return .waiting }
        return attachment.attach(
            for: relayed, outstanding: matcher.count, takesReplies: channel.isWritable, holdsReplies: held.isHolding,
            now: now)
            ?? attachment.attachAnew(
                for: relayed, matcher.state, takesReplies: channel.isWritable, now: now, owner: self)
    }

    /// Sends what goes to the server for a command: mostly the command itself.
    private func send(
        _ command: ParsedCommand, _ relayed: RelayedCommand, replacing identifiers: [Int: Int]?, now: Instant
    ) {
        let rewrite = ClientReplyRewrite(for: relayed.change, in: matcher.state)
        switch rewrite {
        case .asSent, .askedFor: break
        case .silenced, .skipped:
            attachment.send(words: rewrite == .silenced ? ClientReplyRewrite.silence : ClientReplyRewrite.skip)
            matcher.giveUpMatching()
        case .unmatched:
            matcher.giveUpMatching()
        case .notPossible:
            loop.logger.info(
                "a client is closed that switches its replies on inside a transaction", metadata: clientMetadata)
            return close()
        }
        begin(relayed, now: now)
        if let substitute = relayed.substitute {
            input.drop(command)
            attachment.send(words: substitute)
        } else if rewrite == .askedFor {
            input.drop(command)
            attachment.send(words: ClientReplyRewrite.ask)
        } else if let identifiers {
            input.drop(command)
            send(identity.encode(command.view, replacing: identifiers))
        } else {
            send(input.take(command), hasShortReply: relayed.hasShortReply)
        }
    }

    /// A command is about to be sent: its fence goes up first.
    func begin(_ relayed: RelayedCommand, now: Instant) {
        if relayed.needsOffset, matcher.isAtRest, let own = attachment.own {
            let knowsShardChannels = node.router.table?.isOfRedis6 == false
            ask(OwnQuestion(isReplicated: knowsShardChannels, asksStanding: false), on: own, now: now)
        }
        attachment.begin(relayed)
        loop.cache.raiseFence(matcher.forwarded(relayed, now: now))
        // Nothing runs behind QUIT.
        if case .quit = relayed.change { input.end() }
    }

    private func send(_ bytes: ByteBuffer, hasShortReply: Bool = false) {
        attachment.send(bytes, hasShortReply: hasShortReply, now: turn.started, for: self)
    }

    /// Whether who has connected before this moment, on whichever event loop, has what a client has at the server.
    private func earlierClientsArePresent() -> Bool {
        switch earlierClients {
        case .present: return true
        case .awaited: return false
        case .unknown: break
        }
        earlierClients = .awaited
        loop.allLoops.taken(on: eventLoop).assumeIsolated().whenComplete { [self] _ in
            earlierClients = .present
            scheduleTurn()
        }
        return false
    }

    private func endMalformed(_ error: ProtocolError) {
        // Where it is not known whether all before it has been answered, the server is to say so itself, behind that.
        if !matcher.state.matchesReplies, attachment.own != nil {
            send(input.takeAll())
            return input.end()
        }
        input.endMalformed()
        var reply = ByteBuffer()
        RESPEncoder.protocolError(error, into: &reply)
        output.end(with: reply)
    }
}
