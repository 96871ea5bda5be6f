/// The hosts by which this proxy may be called where it serves whoever reaches it from this machine.
///
/// A web page can have its own name resolve to this machine, and its browser, which runs here, then reads for the page what is
/// served to all (DNS rebinding). The name gives it away: it is the page's. An address is nobody's name, and `localhost` and what ends in
/// `.localhost` always means this machine (RFC 6761, 6.3).
struct KnownHosts: Sendable {
    /// In lower case, without a dot at the end.
    private let names: [[UInt8]]

    init(names: [String]) {
        self.names = names.map { name in
            let name = name.utf8.map(lowercased)
            return name.last == UInt8(ascii: ".") ? Array(name.dropLast()) : name
        }
    }

    func include(_ authority: Authority) -> Bool {
        guard !authority.isAddress else { return true }
        let host = authority.host
        return Self.isLocalhost(host) || names.contains { host.elementsEqual($0) { lowercased($0) == $1 } }
    }

    private static func isLocalhost(_ host: Substring.UTF8View) -> Bool {
        let localhost: StaticString = "localhost"
        let end = host.suffix(localhost.utf8CodeUnitCount)
        guard isToken(Substring(end), localhost) else { return false }
        let before = host.prefix(host.count - end.count)
        return before.isEmpty || (before.count > 1 && before.last == UInt8(ascii: "."))
    }
}
