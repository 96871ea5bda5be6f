import BackingClient

/// A host and a port as they are written together.
enum EndpointText {
    /// - Parameter defaultPort: nil: there must be one.
    static func parse(_ text: Substring, defaultPort: Int? = nil) throws(ValueRefusal) -> BackingAddress {
        let text = text.withoutOuterBlanks
        let quoted = QuotedValue(String(text))
        let colon = text.lastIndex(of: ":").flatMap { text[$0...].contains("]") ? nil : $0 }
        let host = text[..<(colon ?? text.endIndex)]
        guard !host.contains(":") || host.hasPrefix("[") else {
            throw ValueRefusal(hint: "\(quoted): an IPv6 address needs [brackets]")
        }
        var port = defaultPort
        if let colon { port = Decimal.wholeNumber(text[text.index(after: colon)...]) }
        guard let port, (1...65535).contains(port) else {
            throw ValueRefusal(hint: "\(quoted) has no port from 1 to 65535")
        }
        guard let name = try? HostName.parse(String(host)) else { throw ValueRefusal(hint: "\(quoted) names no host") }
        return .tcp(host: name, port: port)
    }
}
