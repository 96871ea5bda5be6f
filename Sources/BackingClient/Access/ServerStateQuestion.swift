/// The question which server this is, asked as the fill user.
struct ServerStateQuestion: OneShotQuestion {
    static let replyLimit = 4 << 20
    private static let sections = ["server", "replication", "commandstats"]

    private let address: BackingAddress
    private var awaitsLogin: Bool
    private var replies: [[UInt8]] = []
    let commands: [[[UInt8]]]

    init(_ configuration: BackingConfiguration) {
        self.address = configuration.address
        let credentials = BackingCredentials(configuration)
        self.awaitsLogin = credentials != nil
        self.commands =
            [credentials?.command].compactMap { $0 }
            + Self.sections.map { [Array("INFO".utf8), Array($0.utf8)] }
            + [[Array("MGET".utf8), Array("redis-proxy".utf8)]]
    }

    /// Whether all sections are there and only `MGET` is unanswered.
    private var isLast: Bool { self.replies.count == Self.sections.count }

    mutating func received(_ reply: BackingReply) -> OneShotProgress<ServerState> {
        switch reply {
        case .ok where self.awaitsLogin:
            self.awaitsLogin = false
            return .goesOn
        case .bulk(let info) where !self.awaitsLogin && !self.isLast:
            self.replies.append(Array(info.readableBytesView))
            return .goesOn
        case .array where self.isLast:
            return .answered(ServerState(replies: self.replies, mayReadTogether: true))
        case .error(let text) where self.isLast && text.starts(with: "NOPERM ".utf8):
            // Refused is the command, or only the key that it was tried on: then the text has no quotation marks.
            let isCommand = text.contains(UInt8(ascii: "'"))
            return .answered(ServerState(replies: self.replies, mayReadTogether: !isCommand))
        case .error(let text):
            return .failed(.server(BackingCredentials.withoutEcho(text)))
        default:
            return .failed(.nonsense(self.address, ReplyViolation(reason: "not a reply to what was asked")))
        }
    }
}
