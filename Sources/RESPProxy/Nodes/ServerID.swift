/// One of the servers behind the proxy.
struct ServerID: Hashable, Sendable {
    let number: Int

    /// The only one, as long as there is one.
    static let first = ServerID(number: 0)
}
