import NIOCore

/// The question for what the server ends connections, asked as the fill user. Where it may not be asked, the answer is nil.
struct ServerLimitsQuestion: OneShotQuestion {
    static let replyLimit = 1 << 16
    /// Servers before Redis 7 take one pattern at a time.
    private static let patterns = ["client-*-buffer-limit", "maxmemory-clients"]

    private let address: BackingAddress
    private var replies = 0
    private var settings: [[UInt8]] = []
    let commands: [[[UInt8]]]

    init(address: BackingAddress) {
        self.address = address
        self.commands = Self.patterns.map { ["CONFIG", "GET", $0].map { Array($0.utf8) } }
    }

    mutating func received(_ reply: BackingReply) -> OneShotProgress<ServerLimits?> {
        switch reply {
        case .array(let elements):
            for case .bulk(let bytes) in elements { self.settings.append(Array(bytes.readableBytesView)) }
            self.replies += 1
            return self.replies == Self.patterns.count ? .answered(ServerLimits(settings: self.settings)) : .goesOn
        // `CONFIG` is forbidden to the fill user, or the server has it under another name.
        case .error(let text) where CommandRefusal.isSaid(by: text):
            return .answered(nil)
        case .error(let text):
            return .failed(.server(text))
        default:
            return .failed(.nonsense(self.address, ReplyViolation(reason: "not a reply to what was asked")))
        }
    }
}

extension BackingConnector {
    /// Asks, as the fill user and on a connection of its own, for what the server ends connections; nil where that may not be asked.
    /// Fails with ``BackingError``.
    public func readServerLimits(on eventLoop: any EventLoop) -> EventLoopFuture<ServerLimits?> {
        self.ask(
            ServerLimitsQuestion(address: self.configuration.address), as: self.configuration.credentials,
            within: self.configuration.connectTimeout, on: eventLoop)
    }
}
