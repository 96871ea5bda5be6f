import RESPParser

/// What the proxy asks of a connection of a session's own, between the client's commands.
enum ConnectionQuestion: Hashable, Sendable {
    /// The server's id of it.
    case identifier
    /// Whether the server counts it as logged in: `HELLO` is refused otherwise, even while no password is asked for.
    case admission(RESPVersion)

    var command: [[UInt8]] {
        switch self {
        case .identifier: [Array("CLIENT".utf8), Array("ID".utf8)]
        case .admission(let version): [Array("HELLO".utf8), Array(String(version.rawValue).utf8)]
        }
    }

    /// Whether a reply of this type can be the answer, where it is no error.
    func isAnswered(by type: UInt8) -> Bool {
        switch self {
        case .identifier: type == UInt8(ascii: ":")
        case .admission: type == UInt8(ascii: "*") || type == UInt8(ascii: "%")
        }
    }
}
