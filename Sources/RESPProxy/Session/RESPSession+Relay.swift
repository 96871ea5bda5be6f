import BackingClient
import NIOCore

/// The pinned connection: opened on the first command that needs it, and its replies.
extension RESPSession {
    /// A command is about to be forwarded: its fence goes up first.
    func begin(_ relayed: RelayedCommand, now: UInt64) {
        loop.cache.raiseFence(ledger.forwarded(relayed, now: now))
        // Nothing runs behind QUIT.
        if relayed.change == .quit { intake = .ended }
    }

    /// The pinned connection, opened where there is none yet. A failure is told once.
    func prepareRelay() -> Relay {
        switch relay {
        case .failed:
            defer { relay = .none }
            return relay
        case .none:
            relay = .connecting
            loop.openRelay().assumeIsolated().whenComplete { [self] result in
                relayOpened(result)
            }
            // While the backing is known to be away it fails at once.
            guard case .failed = relay else { break }
            defer { relay = .none }
            return relay
        case .connecting, .open: break
        }
        return relay
    }

    func relayOpened(_ result: Result<any Channel, any Error>) {
        do {
            let channel = try result.get()
            guard !isClosed else {
                channel.close(promise: nil)
                return
            }
            let connection = RelayConnection(receiver: self)
            try channel.pipeline.syncOperations.addHandler(connection)
            relay = .open(connection)
            connection.readMore()
        } catch {
            relay = .failed(error as? BackingError ?? .lost)
        }
        scheduleTurn()
    }
}

extension RESPSession: RelayReceiver {
    var matchesReplies: Bool { ledger.state.tracking == .byReply || ledger.state.tracking == .monitoring }
    var needsGlimpse: Bool { ledger.needsGlimpse }
    var takesMore: Bool { channel.isWritable || !channel.isActive || isClosed }

    func replyBegins(type: UInt8) {
        for fence in ledger.replyBegins(type: type) { loop.cache.lowerFence(fence) }
        if ledger.state.tracking == .tunnel { intake = .tunnel }
    }

    func replyEnded(_ reply: ReplyGlimpse) {
        let ended = ledger.replyEnded(reply)
        for fence in ended.fences { loop.cache.lowerFence(fence) }
        guard let started = ended.started else { return }
        let now = relayReadTime ?? MonotonicClock.now()
        relayReadTime = now
        loop.metrics.requestsEnded(.resp, .relay, reply.isError ? .error : .ok, nanoseconds: now &- started)
    }

    func relayed(_ bytes: ByteBuffer) {
        guard !isClosed else { return }
        writeOutput()
        send(bytes)
    }

    func relayReadCompleted() {
        relayReadTime = nil
        guard !isClosed else { return }
        context?.flush()
        if ledger.wasReset, loop.configuration.trustsClients, case .open(let connection) = relay {
            // RESET has logged the connection out; a new one is logged in again, as a new client's would be.
            connection.close()
            relay = .none
        }
        ledger.wasReset = false
        process()
    }

    func relayBecameWritable() {
        process()
    }

    func relayEnded(error: BackingError?, isInsideReply: Bool) {
        guard !isClosed else { return release() }
        let wasIdle = isIdle && intake == .commands && ledger.isReplaceable && !isInsideReply
        for fence in ledger.connectionEnded() { loop.cache.lowerFence(fence) }
        relay = .none
        if wasIdle, error == nil {
            // Nothing was on that connection that a new one would not have.
            process()
            return
        }
        if let error, !isInsideReply { answer(.error(error.message)) }
        flushOutput()
        close()
    }
}
