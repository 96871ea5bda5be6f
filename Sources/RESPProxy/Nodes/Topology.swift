/// Which servers there are, and which of them owns a key. There is one, and it owns all.
struct Topology: Sendable {
    let servers: [ServerID] = [.first]

    /// The server that a key's commands go to.
    @inline(__always)
    func owner(of key: RawSpan) -> ServerID { .first }
}
