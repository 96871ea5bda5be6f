import NIOCore

/// The question whether the server lets somebody in, and what its answers mean.
struct AccessQuestion: OneShotQuestion {
    static let replyLimit = 64 * 1024

    private enum Stage {
        case ping(isLoggedIn: Bool)
        /// Instead of a `PING` that has another name there (`rename-command`).
        case get
    }

    private let address: BackingAddress
    private var stage: Stage
    let commands: [[[UInt8]]] = [[Array("PING".utf8)]]

    /// - Parameter isLoggedIn: Whether there is a log-in in front of the question.
    init(isLoggedIn: Bool, address: BackingAddress) {
        self.address = address
        self.stage = .ping(isLoggedIn: isLoggedIn)
    }

    func wasRefused(_ text: [UInt8]) -> OneShotProgress<BackingConnector.Access> {
        BackingCredentials.saysNothingOfUsers(text) ? .failed(.server(text)) : .answered(.refused(text))
    }

    mutating func received(_ reply: BackingReply) -> OneShotProgress<BackingConnector.Access> {
        switch (self.stage, reply) {
        case (.ping, .otherStatus), (.ping(isLoggedIn: true), .error):
            // Whom AUTH let in is in, whatever ails the server otherwise.
            return .answered(.granted)
        case (.ping(isLoggedIn: false), .error(let text)) where text.starts(with: "ERR unknown command".utf8):
            // Which says nothing of who asks: the server looks for the command first. GET is there, or nothing would be cached.
            self.stage = .get
            return .asks(ServerStateQuestion.command("GET"))
        case (.get, .error(let text)):
            return Self.isAboutKey(text) ? .answered(.granted) : self.judge(text)
        case (.get, .bulk), (.get, .null):
            return .answered(.granted)
        case (.ping(isLoggedIn: false), .error(let text)):
            return self.judge(text)
        default:
            return .failed(.nonsense(self.address, ReplyViolation(reason: "not a reply to what was asked")))
        }
    }

    private func judge(_ text: [UInt8]) -> OneShotProgress<BackingConnector.Access> {
        Self.refusesUser(text) ? .answered(.refused(text)) : .failed(.server(text))
    }

    /// Whether the command was let through, and refused for the key that it was tried on.
    private static func isAboutKey(_ text: [UInt8]) -> Bool {
        ServerStateQuestion.isKeyRefused(text) || text.starts(with: "WRONGTYPE ".utf8)
    }

    /// Of the errors to a bare `PING`, those that are about who asks. Any other, unknown ones included, does not count as a yes.
    private static func refusesUser(_ text: [UInt8]) -> Bool {
        ["NOAUTH ", "WRONGPASS ", "NOPERM ", "DENIED "].contains { text.starts(with: $0.utf8) }
    }
}
