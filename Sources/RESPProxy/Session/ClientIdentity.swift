import NIOCore

/// The id by which a client is known, and what is on its way about the ids that it names.
final class ClientIdentity {
    /// How far what a command needs to know has come.
    private enum Inquiry {
        case none
        case awaited
        case answered([Int: Int])
    }

    private typealias Bound = NIOLoopBound<(identity: ClientIdentity, client: any IdentifiedClient)>

    private let identifiers: ClientIdentifiers
    /// The client was told this id.
    private var identifier: Int?
    /// Who waits to be told the server's id of the client's connection.
    private var seekers: [@Sendable (Int?) -> Void] = []
    /// The server's ids for those that the command in hand names.
    private var named = Inquiry.none
    /// For the `CLIENT LIST` in hand, our ids by the server's.
    private var listing = Inquiry.none
    /// For the `CLIENT LIST` that was sent last.
    private var listed: [Int: Int] = [:]
    /// Where the client's own `CLIENT TRACKING` redirects to, by the server's id and as the client named it.
    private var redirection: (ofServer: Int, told: Int)?

    init(_ identifiers: ClientIdentifiers) {
        self.identifiers = identifiers
    }

    /// Whether the client knows itself by an id of ours.
    var isKnown: Bool { identifier != nil }

    /// Whether pushes may name an id that is to be replaced.
    var isRedirected: Bool { redirection != nil }

    // MARK: Being found

    /// Somebody waits to be told the server's id of the client's connection.
    var isSought: Bool { !seekers.isEmpty }

    func seek(_ found: @escaping @Sendable (Int?) -> Void) { seekers.append(found) }

    /// Tells those who seek the client; nil: it cannot be found.
    func tellSeekers(_ serverIdentifier: Int?) {
        let seekers = seekers
        self.seekers = []
        for found in seekers { found(serverIdentifier) }
    }

    /// The client is gone.
    func giveUp() {
        tellSeekers(nil)
        guard let identifier else { return }
        self.identifier = nil
        identifiers.takeBack(identifier)
    }

    // MARK: Naming others

    /// What goes in the place of the ids that a command names.
    ///
    /// - Returns: nil while that is being found out, which `client` is told of; what is unknown to us is unknown to the server as well, and goes
    ///   as it is.
    func resolve(_ command: CommandView, for client: any IdentifiedClient) -> [Int: Int]? {
        switch named {
        case .answered(let identifiers): return identifiers
        case .awaited: return nil
        case .none: break
        }
        let sought = Set(command.namedIdentifiers.values).filter(identifiers.isKnown)
        guard !sought.isEmpty else { return [:] }
        named = .awaited
        find(Array(sought)[...], found: [:], Bound((self, client), eventLoop: client.eventLoop))
        return nil
    }

    private func find(_ missing: ArraySlice<Int>, found: [Int: Int], _ bound: Bound) {
        guard let next = missing.first else {
            named = .answered(found)
            return bound.value.client.identifiersFound()
        }
        identifiers.find(next, on: bound.eventLoop) { serverIdentifier in
            var found = found
            found[next] = serverIdentifier
            bound.value.identity.find(missing.dropFirst(), found: found, bound)
        }
    }

    /// Whether it is known, for a `CLIENT LIST`, which of its lines are those of clients that know themselves by ids of ours; where it is not,
    /// `client` is told of it.
    func hasListed(for client: any IdentifiedClient) -> Bool {
        switch listing {
        case .awaited: return false
        case .answered(let identifiers):
            listed = identifiers
            return true
        case .none: break
        }
        let bound = Bound((self, client), eventLoop: client.eventLoop)
        let isAwaited = identifiers.list(on: bound.eventLoop) { identifiers in
            bound.value.identity.listing = .answered(identifiers)
            bound.value.client.identifiersFound()
        }
        listing = isAwaited ? .awaited : .none
        return !isAwaited
    }

    /// The command in hand goes out, or is answered with an error: what was found out for it is not for the next.
    func commandIsDone() {
        named = .none
        listing = .none
    }

    /// The command goes out with other ids in the place of those that it names.
    func encode(_ command: CommandView, replacing identifiers: [Int: Int]) -> ByteBuffer {
        if let told = command.redirection, let ofServer = identifiers[told] { redirection = (ofServer, told) }
        return command.encoded(replacing: identifiers)
    }

    // MARK: Being told

    /// A whole reply as the client is to read it.
    ///
    /// - Parameter connection: The client's own, on which the reply came; nil where it is gone.
    func replacing(
        _ frame: ByteBuffer, _ reply: IdentifierReply, connection: RelayConnection?, client: any IdentifiedClient
    ) -> ByteBuffer {
        // Of a line of `CLIENT INFO` its own comes first.
        var mayBeOwn = reply.tellsOwn
        return reply.replacing(in: frame) { ofServer in
            if mayBeOwn {
                mayBeOwn = false
                return tell(insteadOf: ofServer, connection, client)
            }
            if reply == .list, let listed = listed[ofServer] ?? own(ofServer, connection) { return listed }
            return redirection?.ofServer == ofServer ? redirection?.told ?? ofServer : ofServer
        }
    }

    private func own(_ ofServer: Int, _ connection: RelayConnection?) -> Int? {
        connection?.identifier == ofServer ? identifier : nil
    }

    private func tell(insteadOf ofServer: Int, _ connection: RelayConnection?, _ client: any IdentifiedClient) -> Int {
        guard let connection else { return ofServer }
        connection.isKnown(by: ofServer)
        if let identifier { return identifier }
        let given = identifiers.give(to: client)
        identifier = given
        return given
    }
}
