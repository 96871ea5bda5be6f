import NIOCore
import Time

/// The end of a session: when nothing is left to be done for the client, or the client has ended its side or is gone.
extension RESPSession {
    /// Nobody is left who could be answered.
    var isGone: Bool { !channel.isActive }

    /// Whether all that is not answered is a command that has not been received whole, and never will be.
    private var isCutShort: Bool { input.isInsideCommand && matcher.count <= 1 }

    // MARK: Ending

    /// Ends the session where nothing is left to be waited for, or nothing ever comes.
    func endIfDone() {
        guard !end.isClosed else { return }
        if end.isHangingUp {
            if !held.isHolding { close() }
            return
        }
        // The rest of what there was no server for never comes.
        if input.intake == .skipping, end.inputHasEnded { input.end() }
        if output.hasLastReply {
            if reads.isEmpty, matcher.isEmpty || isCutShort, !held.isHolding, !attachment.isInsideReply {
                let last = output.takeLastReply()
                if let last, matcher.state.replies == .on { output.send(last) }
                return close()
            }
        }
        guard end.inputHasEnded, canForward else { return }
        // A blocked command is withdrawn, and a half-received one has no end; everything else is answered first.
        if matcher.isBlocked || isCutShort {
            passEndOn()
        } else if isIdle, !patience.isCommandWaiting {
            close()
        }
    }

    /// Passes the end of the client's input on; where there is nobody to pass it to, that is the end.
    private func passEndOn() {
        if !attachment.passEndOn() { close() }
    }

    /// Ends both connections. What was written is still sent; the fences of writes whose replies nobody waits for any more stay up
    /// until the server has closed too, and so has done what it received.
    func close() {
        guard !end.isClosed else { return }
        end.close()
        input.end()
        identity.giveUp()
        context?.closeBehindWrites()
        if attachment.finish(isWaiting: !matcher.isEmpty) { release() }
        watchDeparture()
        readMore()
    }

    /// Nothing is left to be waited for.
    func release() {
        attachment.release()
        identity.giveUp()
        dropFences(matcher.connectionEnded())
        noteMonitoring()
        loop.sessionClosed(self)
        if end.release(isGone: isGone) { loop.metrics.leftSessionEnded() }
    }

    // MARK: A client that is gone

    /// The client has ended its side, or is taken to have: what it has sent is done and answered, for as long as it takes its replies.
    func giveUpClient() {
        end.clientEnded()
        if end.isClosed { watchDeparture() } else { process() }
    }

    /// Whether a client is to go that has sent nothing for `CLIENT_IDLE_TIMEOUT`, nor taken anything whole.
    ///
    /// Who waits for something of the server's is not idle; who does not take it is.
    var isClientIdle: Bool {
        guard !end.isClosed else { return true }
        return !matcher.isListening && (isIdle || channel.bufferedBytes > 0)
    }

    /// The client is gone: what only it was to get is dropped, so that nothing waits for it.
    func clientIsGone() {
        end.clientEnded()
        output.forgetBacklog()
        if attachment.isShared { attachment.readMore() }
        reads.abandon()
        _ = output.takeLastReply()
        if let end = held.drop() {
            relayEnded(error: end.error, isInsideReply: end.isInsideReply)
        } else {
            attachment.own?.readMore()
        }
        process()
        if end.leave() { loop.metrics.sessionLeft() }
    }

    /// Looks once a second whether what is left to be done for the client gets on, until the session has ended.
    func watchDeparture() {
        guard end.needsDeparture, !end.isReleased || !isGone else { return }
        end.beginDeparture(departureStanding, timeout: loop.configuration.backing.commandTimeout)
        scheduleLook()
    }

    private func scheduleLook() {
        end.willLook(
            eventLoop.assumeIsolated().scheduleTask(in: .seconds(Departure.interval)) { [self] in lookAtDeparture() })
    }

    private func lookAtDeparture() {
        guard let verdict = end.look(departureStanding) else { return }
        switch verdict {
        case .wait: break
        case .passEndOn: passEndOn()
        case .cut: return cut()
        }
        scheduleLook()
    }

    private var departureStanding: Departure.Standing {
        var standing = Departure.Standing()
        standing.isGone = isGone
        standing.progress.outstanding = matcher.count
        if end.clientHasEnded, !isGone {
            standing.progress.untaken = channel.bufferedBytes
            if standing.progress.untaken > 0 { standing.progress.taken = channel.acknowledgedBytes }
        }
        standing.progress.unsent = input.readableBytes
        standing.hasUnsent = patience.isCommandWaiting || !reads.isEmpty || !canForward && !isCutShort
        standing.isListening = matcher.isListening || matcher.state.isUncertain
        guard let own = attachment.own else { return standing }
        standing.hasOwnConnection = true
        standing.isEndPassedOn = attachment.isEndPassedOn || end.isClosed
        standing.progress.received = own.receivedBytes
        let buffered = own.bufferedBytes
        standing.progress.unsent += buffered
        if buffered > 0, !isCutShort { standing.hasUnsent = true }
        return standing
    }

    /// Ends both connections at once.
    private func cut() {
        end.close()
        input.end()
        input.clear()
        if end.clientHasEnded { context?.close(promise: nil) }
        if attachment.cut(isWaiting: !matcher.isEmpty), !end.isReleased { release() }
    }

    // MARK: A client that is held up

    private var isHeldUp: Bool {
        // What comes before a protocol error is answered before it. Here nobody knows how many replies that makes.
        !end.isClosed && (patience.isCommandWaiting || output.hasLastReply && matcher.state.isUncertain)
    }

    /// Looks after a while whether replies still come that the client is held up for.
    func watchReplies() {
        guard patience.isCommandWaiting || output.hasLastReply, isHeldUp, patience.watch(replyProgress) else { return }
        eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(ReplyPatience.limit)) { [self] in lookAtReplies() }
    }

    private func lookAtReplies() {
        let isHeldUp = isHeldUp
        if patience.look(replyProgress, isHeldUp: isHeldUp), mayGiveUpMatching { matcher.giveUpMatching() }
        if isHeldUp { process() }
    }

    /// Whether the replies that are waited for may never come, and can be done without.
    private var mayGiveUpMatching: Bool {
        guard !held.isHolding, let own = attachment.own, own.isAtFrameStart else { return false }
        return !matcher.isEmpty && !matcher.isBlocked && matcher.count < CommandRouter.outstandingLimit
    }

    private var replyProgress: ReplyPatience.Progress {
        var progress = ReplyPatience.Progress(outstanding: matcher.count, received: 0)
        // Messages are no replies; they may come all the time.
        if let own = attachment.own, !matcher.isListening, !matcher.state.isUncertain {
            progress.received = own.receivedBytes
        }
        return progress
    }

    // MARK: Leaving the connection

    /// Leaves a connection that the session needs no longer and that nothing is left on.
    func leaveConnection() {
        guard attachment.own != nil, matcher.isClean, reads.isEmpty, !held.isHolding, input.intake == .commands else {
            return
        }
        attachment.leave(matcher.state, owner: self)
    }
}
