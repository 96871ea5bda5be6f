import BackingClient
import Logging
import NIOCore
import RESPParser
import Time

/// Replies of servers: matched to their commands, and passed on.
extension RESPSession {
    // MARK: Matching

    func replyBegins(type: UInt8) {
        let beginning = matcher.replyBegins(type: type)
        lowerFences(beginning.fences)
        if beginning.becomesTunnel { input.becomeTunnel() }
    }

    func replyEnded(_ reply: ReplyGlimpse) {
        if reply.isError, reply.isWriteRefused { node.serverRefusesWrites() }
        let matched = matcher.replyEnded(reply)
        if matched.endsInput { input.end() }
        lowerFences(matched.fences)
        confirmed(matched.event)
        guard let started = matched.started else { return }
        loop.metrics.requestsEnded(
            .resp, .relay, reply.isError ? .error : .ok, took: turn.replyTime() - started)
    }

    /// Before the client is told of it: whoever is told that all clients are paused sends what is held next.
    private func confirmed(_ event: ConfirmedEvent) {
        switch event {
        case .none: break
        case .loggedIn:
            attachment.clientLoggedIn(now: MonotonicClock.now())
            node.clientLoggedIn()
        case .reset: attachment.clientWasReset(needsLogIn: reconnectsOnReset)
        case .paused(.begin(let milliseconds)):
            node.coherence.conditions.paused(milliseconds: milliseconds, now: turn.replyTime())
        case .paused(.end): node.coherence.conditions.unpaused()
        }
    }

    /// To be called before the client is told that it is in `MONITOR`.
    func noteMonitoring() {
        let isMonitoring = matcher.state.matching == .monitoring
        guard isMonitoring != self.isMonitoring else { return }
        self.isMonitoring = isMonitoring
        let conditions = node.coherence.conditions
        guard !isMonitoring else { return conditions.monitorBegan() }
        conditions.monitorEnded()
        node.coherence.awaitBarrier(since: MonotonicClock.now(), on: eventLoop) { conditions.cacheIsCurrent() }
    }

    // MARK: Fences

    /// A reply begins, or has ended, that the fences stood for.
    @inline(__always)
    private func lowerFences(_ fences: Fences) {
        fences.forEach { fence in
            if case .unknownKeys = fence { holdReplies() } else { loop.cache.lowerFence(fence) }
        }
    }

    /// The connection has ended, and its replies never come.
    func dropFences(_ fences: [WriteEffect]) {
        for fence in fences { loop.cache.lowerFence(fence) }
        if fences.contains(.unknownKeys), !node.coherence.announcesChanges { loop.cache.flush() }
    }

    // MARK: Holding

    /// Holds what comes from the server from now on.
    private func holdReplies() {
        // The server may have stopped announcing since the command was forwarded.
        guard node.coherence.announcesChanges else { return loop.cache.flush() }
        // Nobody reads from the cache then, and who is in MONITOR is not to see our question.
        guard !node.coherence.conditions.isMonitored, !isGone else { return }
        // The reply has come, so what is fetched from now on is newer than what was written.
        guard held.isHolding || !loop.cache.holdsNothing else { return }
        let now = turn.replyTime()
        if held.begin(at: now) { awaitRelease(since: now) }
    }

    private func awaitRelease(since: Instant) {
        // The server that has run the command is the one whose announcements it waits for.
        let coherence = node.coherence
        afterBarrier(of: coherence, since: since) { $0.releaseHeld(since: since, by: coherence) }
    }

    private func releaseHeld(since: Instant, by coherence: Coherence) {
        switch held.barrierAnswered(since: since) {
        case .nothing: break
        case .awaitAnother(let since): awaitRelease(since: since)
        case .release(let replies, let end):
            guard !self.end.isClosed else { return }
            freshness.barrierAnswered(since: since, by: coherence.server)
            for bytes in replies { output.send(bytes) }
            output.flush()
            if let end { return relayEnded(error: end.error, isInsideReply: end.isInsideReply) }
            process()
            if takesMore { attachment.own?.readMore() }
        }
    }

    // MARK: Proof

    /// Asks the server what the session is, where that is in doubt and the answer makes a difference: before it is answered from the cache, and
    /// before its connection is another's.
    func askForProof(now: Instant) {
        guard let state = matcher.stateToProve, let own = attachment.own, own.isOpen, !end.inputHasEnded,
            input.intake == .commands,
            // Who is in MONITOR is not to see our question, and nobody is answered from the cache meanwhile.
            !node.coherence.conditions.isMonitored,
            state.mayBeAnsweredFromCache(access: loop.access) || attachment.key(for: state) != nil
        else { return }
        ask(matcher.question(newUser: loop.access.newUser), on: own, now: now)
        own.flush()
    }

    /// Sends a question of the proxy's own behind what the client has sent.
    func ask(_ question: OwnQuestion, on connection: RelayConnection, now: Instant) {
        var bytes = ByteBuffer()
        question.encode(into: &bytes)
        matcher.ask(question, now: now)
        connection.write(bytes)
    }

    /// The session's own connection, and whether it could be asked something now without the client's hearing of it.
    func askOwnConnection() -> (link: RelayConnection, wasAsked: Bool)? {
        guard let own = attachment.own, own.isOpen else { return nil }
        guard matcher.isAtRest, !held.isHolding, !attachment.isEndPassedOn, own.isAtFrameStart, own.isWritable else {
            return (own, false)
        }
        ask(OwnQuestion(asksStanding: false), on: own, now: MonotonicClock.now())
        own.flush()
        return (own, true)
    }
}

// MARK: - The session's own connection

extension RESPSession: RelayReceiver {
    var matchesReplies: Bool { matcher.matchesReplies }
    var takesMore: Bool { !held.isHolding && (channel.isWritable || !channel.isActive) || end.isClosed }

    func treatReply(type: UInt8) -> ReplyTreatment? {
        replyBegins(type: type)
        guard matcher.matchesReplies else { return nil }
        var treatment = matcher.treatment(ofReply: type)
        if type == UInt8(ascii: ">"), identity.isRedirected { treatment.replacing = .push }
        return treatment
    }

    func judge(_ reply: ReplyGlimpse) -> Bool {
        switch matcher.judge(reply) {
        case .clients: return false
        case .own: return true
        case .ownRefused:
            loop.proofWasRefused(of: matcher.state.user)
            return true
        }
    }

    func withOwnIdentifiers(_ frame: ByteBuffer, _ reply: IdentifierReply) -> ByteBuffer {
        let connection = end.isClosed ? nil : attachment.own
        let replaced = identity.replacing(frame, reply, connection: connection, client: self)
        attachment.needsIdentifier = identity.isKnown
        return replaced
    }

    func ownQuestionAnswered() { scheduleTurn() }

    func relayed(_ bytes: ByteBuffer) {
        guard !end.isClosed, bytes.readableBytes > 0 else { return }
        freshness.relayed(at: turn.replyTime())
        noteMonitoring()
        // Nothing tells to which command the bytes belong: any may be a reply that must be held.
        if matcher.state.matching == .unmatched, node.coherence.announcesChanges { holdReplies() }
        if !held.add(bytes) { output.send(bytes) }
    }

    func relayReadCompleted() {
        turn.repliesEnded()
        guard !end.isClosed else { return }
        output.flush()
        // A new one is logged in again, as a new client's would be.
        if attachment.replaceIfLoggedOut() { matcher.connectionReplaced() }
        process()
    }

    func relayBecameWritable() { process() }

    func relayEnded(error: BackingError?, isInsideReply: Bool) {
        guard !end.isClosed else { return release() }
        guard !held.connectionEnded(HeldReplies.End(error: error, isInsideReply: isInsideReply)) else { return }
        let unanswered = matcher.count
        let goesOn =
            reads.isEmpty && input.intake == .commands && matcher.losesOnlyReplies && !attachment.isBound
            && !isInsideReply && isReplaceable
        dropFences(matcher.connectionEnded())
        attachment.connectionEnded()
        if goesOn, error == nil {
            // Nothing was on that connection that a new one would not have.
            for _ in 0..<unanswered { refuse(.outcomeUnknown) }
            return scheduleTurn()
        }
        if let error, !isInsideReply { output.write(.error(error.message), matcher.state.version) }
        output.endTurn()
        close()
    }
}

extension RESPSession: AttachmentOwner {
    func connectionStands() { scheduleTurn() }
    func newConnectionWouldDo() { scheduleTurn() }
}

// MARK: - A shared connection

extension RESPSession: SharedReplyReceiver {
    func sharedReplyBegins(type: UInt8) { replyBegins(type: type) }

    func sharedReplyEnded(type: UInt8, length: Int, now: Instant) {
        turn.repliesCame(at: now)
        freshness.relayed(at: now)
        replyEnded(ReplyGlimpse(type: type))
        attachment.replyEnded(length: length)
    }

    func sharedReply(_ buffer: ByteBuffer, _ range: Range<Int>) -> Bool {
        let isFirst = !turn.hasSharedReplies
        turn.hasSharedReplies = true
        guard !end.isClosed, let bytes = buffer.getSlice(at: buffer.readerIndex + range.lowerBound, length: range.count)
        else { return isFirst }
        output.writeShared(bytes)
        return isFirst
    }

    func sharedReadCompleted() {
        turn.repliesEnded()
        guard !end.isClosed else {
            if matcher.isEmpty { release() }
            return
        }
        process()
    }

    var hasSharedBacklog: Bool { !end.isClosed && output.hasBacklog }

    func closeForBacklog() {
        var metadata = clientMetadata
        metadata["bytes"] = "\(output.backlog)"
        loop.logger.info("a client that does not take its replies is closed", metadata: metadata)
        end.close()
        input.end()
        identity.giveUp()
        context?.close(promise: nil)
    }

    /// Every command of the session that was outstanding is answered with an error, unless its reply had begun.
    func sharedConnectionLost(_ error: BackingError, isInsideReply: Bool) {
        let unanswered = matcher.count
        dropFences(matcher.connectionEnded())
        attachment.connectionEnded()
        guard !end.isClosed else { return release() }
        guard !isInsideReply else {
            output.endTurn()
            return close()
        }
        for _ in 0..<unanswered { refuse(error.code == .unavailable ? .outcomeUnknown : error) }
        scheduleTurn()
    }
}

// MARK: - Ids

extension RESPSession: IdentifiedClient {
    var serverIdentifier: Int? { end.isClosed ? nil : attachment.own?.identifier }

    func beFound(_ found: @escaping @Sendable (Int?) -> Void) {
        guard !end.isClosed else { return found(nil) }
        attachment.isBound = true
        identity.seek(found)
        scheduleTurn()
    }

    func identifiersFound() { scheduleTurn() }

    /// Tells those who seek the session how the server knows it, once it has a connection of its own.
    func answerSeekers(now: Instant) {
        switch attach(for: .largeRead, at: node.server, now: now) {
        case .waiting: return
        case .failed: identity.tellSeekers(nil)
        case .ready:
            guard let own = attachment.own else { return }
            // In a transaction, say, it cannot be asked for; but whoever knows an id of ours has got it on this connection, or it was asked
            // for before anything else.
            if own.identifier == nil, matcher.isAtRest, own.ask(.identifier) { return }
            identity.tellSeekers(own.identifier)
        }
    }
}
