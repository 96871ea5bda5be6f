/// Whether the session's state, as the replies have shown it, is certain.
///
/// Replies carry no name: the nth belongs to the nth command. One reply too many, or too few, and each that follows is taken for another
/// command's. Servers have bugs of both kinds, and a client may know how to use them. So after a command that changes the session nothing is
/// answered from the cache, and the connection is given to nobody else, until the server has confirmed what the session is
/// (``OwnQuestion``).
struct ReplyProof: Equatable, Sendable {
    /// What is to be asked, from less to more.
    enum Doubt: Comparable, Sendable {
        case none
        /// Whether as many replies have come as commands were sent.
        case position
        /// That, and the session's user, database and the like.
        case standing
    }

    /// What the frame means that comes where an answer is due.
    enum Verdict: Equatable, Sendable {
        /// An answer; more is to come.
        case goesOn
        /// All that was to be asked has been answered.
        case proven
        /// The server does not say, or not now.
        case unanswered
        /// The server says otherwise. That was an answer.
        case denied
        /// No answer at all: the replies are not where they should be.
        case displaced
    }

    private(set) var doubt = Doubt.none
    /// What commands have put in doubt since the question that is under way was sent.
    private var laterDoubt = Doubt.none
    /// The server refuses to answer: it is not asked again before something else changes the session.
    private(set) var isRefused = false
    /// It could not answer, and is asked again once the client has sent something.
    private var isPutOff = false
    /// The client's last command was about its subscriptions: it may do nothing but listen from here on.
    private(set) var mayOnlyListen = false
    private var question: OwnQuestion?
    private var pending: [OwnQuestion.Part] = []
    /// What `CLIENT INFO` was answered with.
    private var standing: Standing?

    private enum Standing: Equatable, Sendable {
        case told(ClientStanding)
        /// The server has no such command.
        case unknown
        case refused
    }

    /// Something is in doubt, and the server may be asked about it now.
    var isDue: Bool { doubt != .none && !isRefused && !isPutOff && pending.isEmpty }

    /// Something is not certain.
    var isInDoubt: Bool { doubt != .none || laterDoubt != .none }

    /// Answers are still to come.
    var isAsking: Bool { !pending.isEmpty }

    /// A command of the client's is being forwarded.
    mutating func forwarded(_ change: StateChange, pins: Bool) {
        isPutOff = false
        mayOnlyListen = change.subscriptionKind != nil
        let doubt = change.doubt(pins: pins)
        guard doubt != .none else { return }
        if isAsking { laterDoubt = max(laterDoubt, doubt) } else { self.doubt = max(self.doubt, doubt) }
        isRefused = false
    }

    /// The question is being sent.
    mutating func ask(_ question: OwnQuestion) {
        self.question = question
        pending = question.parts
        standing = nil
    }

    /// A frame has come where an answer is due.
    mutating func received(_ reply: ReplyGlimpse, for part: OwnQuestion.Part, state: SessionState) -> Verdict {
        guard let question else { return .displaced }
        switch part {
        case .replicated:
            guard reply.isHeardByNobody || reply.isError else { return .displaced }
            pending.removeAll { $0 == .replicated }
            return .goesOn
        case .standing:
            if let told = ClientStanding(reply) {
                standing = .told(told)
            } else if reply.isError {
                standing = reply.saysUnknownCommand ? .unknown : .refused
            } else {
                return .displaced
            }
            pending.removeAll { $0 == .standing }
            return .goesOn
        case .word:
            if question.isSaid(by: reply) { return conclude(question, state) }
            guard reply.isError else { return .displaced }
            return unanswered(isRefused: reply.starts(with: "-NOPERM"))
        }
    }

    private mutating func conclude(_ question: OwnQuestion, _ state: SessionState) -> Verdict {
        switch standing {
        case .told(let standing):
            guard standing.agrees(with: state, newUser: question.newUser) else { return .denied }
        case .refused: return unanswered(isRefused: true)
        // The server cannot be asked more: that the replies are in their places must be enough.
        case .unknown: break
        case nil: guard doubt < .standing else { return unanswered(isRefused: false) }
        }
        pending = []
        doubt = laterDoubt
        laterDoubt = .none
        return doubt == .none ? .proven : .unanswered
    }

    private mutating func unanswered(isRefused: Bool) -> Verdict {
        pending = []
        // Whatever has been sent meanwhile is a reason to ask again.
        self.isRefused = isRefused && laterDoubt == .none
        isPutOff = !isRefused && laterDoubt == .none
        doubt = max(doubt, laterDoubt)
        laterDoubt = .none
        return .unanswered
    }

    /// A frame has come after the replies have ceased to be matched.
    ///
    /// - Returns: Whether it is an answer to the proxy, and not the client's.
    mutating func takes(_ reply: ReplyGlimpse) -> Bool {
        if question?.isSaid(by: reply) == true {
            pending = []
            return true
        }
        if pending.first == .replicated, reply.isHeardByNobody {
            pending.removeFirst()
            return true
        }
        guard pending.contains(.standing), ClientStanding(reply) != nil else { return false }
        pending.removeAll { $0 == .standing }
        return true
    }
}

extension StateChange {
    /// What is in doubt once such a command has been sent, whatever its reply.
    func doubt(pins: Bool) -> ReplyProof.Doubt {
        switch self {
        case .none, .quit, .pause: pins ? .position : .none
        case .authenticate, .hello(_, .some, _), .reset, .select, .tracking, .monitor: .standing
        default: .position
        }
    }
}

extension ReplyGlimpse {
    /// What a message to a channel without subscribers is answered with.
    fileprivate var isHeardByNobody: Bool { starts(with: ":0\r\n") }

    /// Whether the server does not know `RESET`, or not by that name.
    var saysUnknownReset: Bool {
        // `-ERR unknown command 'reset', with args…`; Redis 6 quotes otherwise.
        let beginning: StaticString = "-ERR unknown command "
        let name = head.dropFirst(beginning.utf8CodeUnitCount + 1).prefix(5)
        return isError && starts(with: beginning) && String(decoding: name, as: UTF8.self).lowercased() == "reset"
    }

    /// Whether the server does not know the command, or the subcommand.
    var saysUnknownCommand: Bool {
        // `-ERR unknown command 'CLIENT'…`; `-ERR Unknown subcommand or wrong number of arguments for 'INFO'…`; Redis 5 and older: `-ERR
        // Syntax error, try CLIENT (LIST | …`.
        starts(with: "-ERR unknown ") || starts(with: "-ERR Unknown ") || starts(with: "-ERR Syntax error, try CLIENT")
    }
}
