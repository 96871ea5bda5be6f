import BackingClient
import NIOCore

/// The ids that the client is told, and those that it names.
extension RESPSession: IdentifiedClient {
    // MARK: Being found

    var serverIdentifier: Int? {
        guard !isClosed, case .open(let connection) = relay else { return nil }
        return connection.identifier
    }

    func beFound(_ found: @escaping @Sendable (Int?) -> Void) {
        guard !isClosed else { return found(nil) }
        identity.isBound = true
        identity.seekers.append(found)
        scheduleTurn()
    }

    /// Tells those who seek the session how the server knows it, once it has a connection of its own.
    func answerSeekers(now: UInt64) {
        guard !identity.seekers.isEmpty else { return }
        switch attach(for: .largeRead, now: now) {
        case .waiting: return
        case .failed: endSeeking(nil)
        case .ready:
            guard case .open(let connection) = relay else { return }
            // In a transaction, say, it cannot be asked for; but whoever knows an id of ours has got it on this connection, or it was asked
            // for before anything else.
            if connection.identifier == nil, matcher.isAtRest, connection.ask(.identifier) { return }
            endSeeking(connection.identifier)
        }
    }

    func endSeeking(_ serverIdentifier: Int?) {
        let seekers = identity.seekers
        identity.seekers = []
        for found in seekers { found(serverIdentifier) }
    }

    /// A connection has become the session's own. Later it may be too late to ask: behind a command that blocks.
    func noteConnection(_ connection: RelayConnection) {
        if identity.identifier != nil { _ = connection.ask(.identifier) }
    }

    /// The session is over.
    func giveUpIdentity() {
        endSeeking(nil)
        guard let identifier = identity.identifier else { return }
        identity.identifier = nil
        loop.identifiers.takeBack(identifier)
    }

    // MARK: Naming others

    /// What goes in the place of the ids that a command names.
    ///
    /// - Returns: nil while that is being found out; what is unknown to us is unknown to the server as well, and goes as it is.
    func resolve(_ command: CommandView) -> [Int: Int]? {
        switch identity.named {
        case .answered(let identifiers): return identifiers
        case .awaited: return nil
        case .none: break
        }
        let named = Set(command.namedIdentifiers.values).filter(loop.identifiers.isKnown)
        guard !named.isEmpty else { return [:] }
        identity.named = .awaited
        let session = NIOLoopBound(self, eventLoop: eventLoop)
        find(Array(named)[...], found: [:], session)
        return nil
    }

    private func find(_ missing: ArraySlice<Int>, found: [Int: Int], _ session: NIOLoopBound<RESPSession>) {
        guard let next = missing.first else {
            identity.named = .answered(found)
            return scheduleTurn()
        }
        loop.identifiers.find(next, on: eventLoop) { serverIdentifier in
            var found = found
            found[next] = serverIdentifier
            session.value.find(missing.dropFirst(), found: found, session)
        }
    }

    /// Whether it is known, for a `CLIENT LIST`, which of its lines are those of clients that know themselves by ids of ours.
    func hasListed() -> Bool {
        switch identity.listing {
        case .awaited: return false
        case .answered(let identifiers):
            identity.listed = identifiers
            return true
        case .none: break
        }
        let session = NIOLoopBound(self, eventLoop: eventLoop)
        let isAwaited = loop.identifiers.list(on: eventLoop) { identifiers in
            session.value.identity.listing = .answered(identifiers)
            session.value.scheduleTurn()
        }
        identity.listing = isAwaited ? .awaited : .none
        return !isAwaited
    }

    // MARK: Being told

    /// A whole reply as the client is to read it.
    func withOwnIdentifiers(_ frame: ByteBuffer, _ reply: IdentifierReply) -> ByteBuffer {
        // Of a line of `CLIENT INFO` its own comes first.
        var mayBeOwn = reply.tellsOwn
        return reply.replacing(in: frame) { ofServer in
            if mayBeOwn {
                mayBeOwn = false
                return tellIdentifier(insteadOf: ofServer)
            }
            if reply == .list, let listed = identity.listed[ofServer] ?? own(ofServer) { return listed }
            return redirected(ofServer) ?? ofServer
        }
    }

    private func redirected(_ ofServer: Int) -> Int? {
        identity.redirection?.ofServer == ofServer ? identity.redirection?.told : nil
    }

    private func own(_ ofServer: Int) -> Int? { serverIdentifier == ofServer ? identity.identifier : nil }

    private func tellIdentifier(insteadOf ofServer: Int) -> Int {
        guard case .open(let connection) = relay, !isClosed else { return ofServer }
        connection.isKnown(by: ofServer)
        if let identifier = identity.identifier { return identifier }
        let identifier = loop.identifiers.give(to: self)
        identity.identifier = identifier
        return identifier
    }
}
