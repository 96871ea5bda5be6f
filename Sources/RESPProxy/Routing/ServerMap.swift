import LocalCache

/// Which servers there are, and which of them a command goes to. There is one, and it owns all keys.
struct ServerMap: Sendable {
    /// In the order of their numbers.
    let servers: [ServerID] = [.first]

    /// Where a session begins, and where those are asked who have no session: any server would do.
    var anyServer: ServerID { .first }

    /// The server that holds a key, and whose values of it the cache may give.
    @inline(__always)
    func owner(of key: RawSpan) -> ServerID { .first }

    /// The server that a command is relayed to: the owner of its keys, if it has any.
    @inline(__always)
    func server(for command: CommandView) -> ServerID { .first }
}
