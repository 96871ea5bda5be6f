/// The hosts by which this proxy may be called where it serves whoever reaches it from this machine.
///
/// A web page can have its own name resolve to this machine, and its browser, which runs here, then reads for the page what is
/// served to all (DNS rebinding). The name gives it away: it is the page's. An address is nobody's name, and `localhost` and what ends in
/// `.localhost` always means this machine (RFC 6761, 6.3).
struct KnownHosts: ~Copyable, Sendable {
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
        return authority.withHost { host in
            Self.isLocalhost(host) || names.contains { name in name.withUnsafeBufferPointer { Self.isName(host, $0) } }
        }
    }

    private static func isLocalhost(_ host: UnsafeBufferPointer<UInt8>) -> Bool {
        let localhost: StaticString = "localhost"
        let start = host.count - localhost.utf8CodeUnitCount
        guard start == 0 || (start > 1 && host[start - 1] == UInt8(ascii: ".")) else { return false }
        return localhost.withUTF8Buffer { isName(UnsafeBufferPointer(rebasing: host[start...]), $0) }
    }

    /// - Parameter name: In lower case.
    private static func isName(_ host: UnsafeBufferPointer<UInt8>, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        host.count == name.count && name.indices.allSatisfy { lowercased(host[$0]) == name[$0] }
    }
}
