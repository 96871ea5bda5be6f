import NIOCore

/// What a server says of itself.
public enum ServerRole: Hashable, Sendable {
    case primary
    case replica
    /// A Sentinel, say.
    case other(String)

    init(_ word: [UInt8]) {
        switch String(decoding: word, as: UTF8.self) {
        case "master": self = .primary
        case "slave", "replica": self = .replica
        case let other: self = .other(other)
        }
    }
}

/// The question whether a server is a primary: by `ROLE`, or, where that may not be asked, by what `HELLO` tells.
struct ServerRoleQuestion: OneShotQuestion {
    /// A primary lists its replicas.
    static let replyLimit = 1 << 20

    private let address: BackingAddress
    private var mayAskHello = true
    let commands: [[[UInt8]]] = [[Array("ROLE".utf8)]]

    init(address: BackingAddress) { self.address = address }

    mutating func received(_ reply: BackingReply) -> OneShotProgress<ServerRole> {
        switch reply {
        case .array(let elements) where mayAskHello:
            guard let word = elements.first?.text else { break }
            return .answered(ServerRole(word))
        case .array(let elements):
            guard let word = elements.field("role") else { break }
            return .answered(ServerRole(word))
        case .error(let text) where mayAskHello && CommandRefusal.isSaid(by: text):
            mayAskHello = false
            return .asks([Array("HELLO".utf8)])
        case .error(let text):
            return .failed(.server(text))
        default: break
        }
        return .failed(.nonsense(address, ReplyViolation(reason: "not a reply to what was asked")))
    }
}

extension BackingConnector {
    /// Asks, as the fill user and on a connection of its own, which role the server has. Fails with ``BackingError``.
    public func readRole(on eventLoop: any EventLoop) -> EventLoopFuture<ServerRole> {
        let limit = self.configuration.tracking?.timeout ?? self.configuration.connectTimeout
        return self.ask(
            ServerRoleQuestion(address: self.configuration.address), as: self.configuration.credentials, within: limit,
            on: eventLoop)
    }
}
