import LocalCache

/// Which servers there are, and which of them a command goes to.
struct ServerMap: Sendable {
    /// In the order of their numbers.
    let servers: [ServerID]
    /// nil: there is one, and it owns all keys.
    private let owner: (@Sendable (RawSpan) -> ServerID)?

    /// One server.
    init() {
        servers = [.first]
        owner = nil
    }

    /// Several, among which the keys are divided. Nothing but tests makes such a map yet.
    ///
    /// - Parameter owner: Which of them a key belongs to.
    init(count: UInt32, owner: @escaping @Sendable (RawSpan) -> ServerID) {
        servers = (0..<count).map { ServerID(number: $0) }
        self.owner = owner
    }

    /// Where a session begins, and where those are asked who have no session: any server would do.
    var anyServer: ServerID { .first }

    /// The server that holds a key, and whose values of it the cache may give.
    @inline(__always)
    func owner(of key: RawSpan) -> ServerID {
        guard let owner else { return .first }
        return owner(key)
    }

    /// The server that holds the key at a place among the arguments of a command, and all behind it; nil: they belong to several.
    @inline(__always)
    func owner(ofKeysFrom place: Int, of command: CommandView) -> ServerID? {
        guard let owner else { return .first }
        return Self.commonOwner(ofKeysFrom: place, of: command, owner)
    }

    /// The server that a command is relayed to: the owner of its first key, where that stands at a fixed place.
    @inline(__always)
    func server(for command: CommandView, by table: CommandTable?) -> ServerID {
        guard let owner else { return .first }
        return firstOwner(of: command, by: table, owner)
    }

    @inline(never)
    private static func commonOwner(
        ofKeysFrom place: Int, of command: CommandView, _ owner: (RawSpan) -> ServerID
    ) -> ServerID? {
        let bytes = command.buffer.readableBytesSpan
        let owners = command.arguments.dropFirst(place).map { owner(bytes.extracting($0)) }
        return owners.allSatisfy { $0 == owners.first } ? owners.first : nil
    }

    @inline(never)
    private func firstOwner(
        of command: CommandView, by table: CommandTable?, _ owner: (RawSpan) -> ServerID
    ) -> ServerID {
        guard case .listed(let description) = table?.entry(for: command), description.firstKey > 0,
            description.firstKey < command.count
        else { return anyServer }
        return owner(command.buffer.readableBytesSpan.extracting(command.arguments[description.firstKey]))
    }
}
