import NIOCore

/// The end of a session whose client has ended its side or is gone.
extension RESPSession {
    /// Nobody is left who could be answered.
    var isGone: Bool { !channel.isActive }

    /// The client has ended its side, or is taken to have: what it has sent is done and answered, for as long as it takes its replies.
    func giveUpClient() {
        inputHasEnded = true
        clientHasEnded = true
        if isClosed { watchDeparture() } else { process() }
    }

    /// Whether a client is to go that has sent nothing for `CLIENT_IDLE_TIMEOUT`, nor taken anything whole.
    ///
    /// Who waits for something of the server's is not idle; who does not take it is.
    var isClientIdle: Bool {
        guard !isClosed else { return true }
        return !matcher.isListening && (isIdle || channel.bufferedBytes > 0)
    }

    /// The client is gone: what only it was to get is dropped, so that nothing waits for it.
    func clientIsGone() {
        clientHasEnded = true
        inputHasEnded = true
        sharedBacklog = 0
        if case .shared(let connection) = relay { connection.readOn() }
        reads.abandon()
        lastReply = nil
        let end = held?.end
        held = nil
        if let end {
            relayEnded(error: end.error, isInsideReply: end.isInsideReply)
        } else if case .open(let connection) = relay {
            connection.readMore()
        }
        process()
        countAsLeft()
    }

    /// Looks once a second whether what is left to be done for the client gets on, until the session has ended.
    func watchDeparture() {
        guard departure == nil, clientHasEnded || isClosed && !isReleased, !isReleased || !isGone else { return }
        let timeout = loop.configuration.backing.commandTimeout.nanoseconds / 1_000_000_000
        departure = Departure(departureStanding, timeout: timeout)
        scheduleLook()
    }

    private func scheduleLook() {
        nextLook = eventLoop.assumeIsolated().scheduleTask(in: .seconds(Departure.interval)) { [self] in look() }
    }

    private func look() {
        nextLook = nil
        guard !isReleased || !isGone, let verdict = departure?.look(departureStanding) else { return }
        switch verdict {
        case .wait: break
        case .passEndOn: withdraw()
        case .cut:
            departure = nil
            return cut()
        }
        scheduleLook()
    }

    private var departureStanding: Departure.Standing {
        var standing = Departure.Standing()
        standing.isGone = isGone
        standing.progress.outstanding = matcher.count
        if clientHasEnded, !isGone {
            standing.progress.untaken = channel.bufferedBytes
            if standing.progress.untaken > 0 { standing.progress.taken = channel.acknowledgedBytes }
        }
        standing.progress.unsent = inbound.readableBytes
        standing.hasUnsent = isWaiting || !reads.isEmpty || !canForward && !isCutShort
        standing.isListening = matcher.isListening || matcher.state.isUncertain
        guard case .open(let connection) = relay else { return standing }
        standing.hasOwnConnection = true
        standing.isEndPassedOn = isWithdrawn || isClosed
        standing.progress.received = connection.receivedBytes
        let buffered = connection.bufferedBytes
        standing.progress.unsent += buffered
        if buffered > 0, !isCutShort { standing.hasUnsent = true }
        return standing
    }

    /// Ends both connections at once. What is still outstanding on a shared connection is answered there, to nobody.
    private func cut() {
        isClosed = true
        intake = .ended
        inbound.clear()
        if clientHasEnded { context?.close(promise: nil) }
        switch relay {
        case .open(let connection):
            connection.cut()
            release()
        case .shared where !matcher.isEmpty: break
        case .none, .connecting, .failed, .shared: if !isReleased { release() }
        }
    }

    private func countAsLeft() {
        guard !isReleased, !isLeft else { return }
        isLeft = true
        loop.metrics.sessionLeft()
    }

    /// To be called when nothing is left to be waited for.
    func departed() {
        isReleased = true
        if isLeft { loop.metrics.leftSessionEnded() }
        isLeft = false
        // Whoever still takes replies is watched again from its end on.
        guard isGone || !clientHasEnded else { return }
        nextLook?.cancel()
        nextLook = nil
        departure = nil
    }
}
