/// Which servers there are, and which of them owns a key. There is one, and it owns all.
struct Topology: Sendable {
    let servers: [ServerID] = [.first]

    /// The server that holds a key, and that commands on it go to.
    @inline(__always)
    func owner(of key: RawSpan) -> ServerID { .first }
}
