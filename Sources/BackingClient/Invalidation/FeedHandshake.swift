import NIOCore

/// What is said on a new invalidation connection: who we are; which server this is, and which of its clients we are; what we listen to.
///
/// All of it goes out in one write. No fill connection redirects to it before the subscription is confirmed.
struct FeedHandshake {
    enum Progress: Equatable {
        case goesOn
        /// - Parameter announcesFirst: See ``BroadcastOrder``.
        case done(redirectID: Int64, runID: [UInt8], announcesFirst: Bool)
        case refused(FeedRefusal)
        case violation(ReplyViolation)
    }

    private enum Step: String {
        case server = "INFO"
        case identifier = "CLIENT ID"
        case subscription = "SUBSCRIBE"
    }

    static let channel = Array("__redis__:invalidate".utf8)

    private var logIn: LogIn
    private var steps: [Step] = [.server, .identifier, .subscription]
    private var runID: [UInt8] = []
    private var redirectID: Int64 = 0
    private var announcesFirst = false
    init(_ configuration: BackingConfiguration) {
        self.logIn = LogIn(configuration.credentials)
    }

    /// The commands, in the order of their replies.
    var commands: [[[UInt8]]] {
        self.logIn.commands + [
            [Array("INFO".utf8), Array("server".utf8)], [Array("CLIENT".utf8), Array("ID".utf8)],
            [Array("SUBSCRIBE".utf8), Self.channel],
        ]
    }

    mutating func received(_ reply: BackingReply) -> Progress {
        guard self.logIn.isDone else {
            switch self.logIn.received(reply) {
            case .goesOn: return .goesOn
            case .refused(let text): return .refused(FeedRefusal(command: FeedRefusal.logIn, text: text))
            case .violation(let violation): return .violation(violation)
            }
        }
        guard !self.steps.isEmpty else { return .violation(ReplyViolation(reason: "a reply that nobody asked for")) }
        switch (self.steps.removeFirst(), reply) {
        case (.server, .bulk(let info)):
            guard let runID = ServerInfo.field("run_id", in: info.readableBytesView) else {
                return .refused(FeedRefusal(command: "INFO", text: Array("ERR no run_id in the reply".utf8)))
            }
            self.runID = runID
            self.announcesFirst = BroadcastOrder.isAnnouncedFirst(by: info.readableBytesView)
            return .goesOn
        case (.identifier, .integer(let id)):
            self.redirectID = id
            return .goesOn
        case (.subscription, .array(let elements))
        where elements.count == 3 && elements[0].text == Array("subscribe".utf8) && elements[1].text == Self.channel:
            return .done(redirectID: self.redirectID, runID: self.runID, announcesFirst: self.announcesFirst)
        case (let step, .error(let text)):
            return .refused(FeedRefusal(command: step.rawValue, text: text))
        default:
            return .violation(ReplyViolation(reason: "an unexpected reply to the login"))
        }
    }
}
