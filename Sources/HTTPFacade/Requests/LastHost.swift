/// Whom the last `Host` of a connection named: a client that keeps its connection sends the same one with each request, so that it
/// need not be parsed again.
struct LastHost {
    private var authority: Authority?

    /// What ``Authority/init(_:)`` makes of `host`.
    mutating func authority(of host: String) -> Authority? {
        if let authority, authority.isWritten(host) { return authority }
        authority = Authority(host)
        return authority
    }
}
