/// The question which server this is, asked as the fill user.
struct ServerStateQuestion: OneShotQuestion {
    static let replyLimit = 4 << 20
    private static let sections = ["server", "replication", "commandstats"]

    private let address: BackingAddress
    private var replies: [[UInt8]] = []
    let commands: [[[UInt8]]]

    init(address: BackingAddress) {
        self.address = address
        self.commands =
            Self.sections.map { [Array("INFO".utf8), Array($0.utf8)] }
            + [Self.command("MGET")]
    }

    /// A read of a key that nobody has.
    static func command(_ name: String) -> [[UInt8]] { [Array(name.utf8), Array("redis-proxy".utf8)] }

    /// Whether a user was refused not the command but the key: then the text has no quotation marks.
    static func isKeyRefused(_ text: [UInt8]) -> Bool {
        text.starts(with: "NOPERM ".utf8) && !text.contains(UInt8(ascii: "'"))
    }

    /// Whether all sections are there and only `MGET` is unanswered.
    private var isLast: Bool { self.replies.count == Self.sections.count }

    mutating func received(_ reply: BackingReply) -> OneShotProgress<ServerState> {
        switch reply {
        case .bulk(let info) where !self.isLast:
            self.replies.append(Array(info.readableBytesView))
            return .goesOn
        case .array where self.isLast:
            return .answered(ServerState(replies: self.replies, mayReadSeveral: true))
        // About what was asked, and not about the state of the server.
        case .error(let text) where self.isLast && CommandRefusal.isSaid(by: text):
            return .answered(ServerState(replies: self.replies, mayReadSeveral: Self.isKeyRefused(text)))
        case .error(let text):
            return .failed(.server(text))
        default:
            return .failed(.nonsense(self.address, ReplyViolation(reason: "not a reply to what was asked")))
        }
    }
}
