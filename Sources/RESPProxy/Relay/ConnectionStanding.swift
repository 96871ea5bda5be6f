import RESPParser

/// What the server knows of one connection, as far as it has told: the id, and whether somebody is logged in on it. And what it is being
/// asked about that.
struct ConnectionStanding {
    /// Whether the server counts it as logged in, and will, whatever password it is given later.
    private(set) var isProven: Bool
    /// The server's id of it, once known.
    private(set) var identifier: Int?
    private var question: ConnectionQuestion?
    /// What the server does not answer.
    private var refused: Set<ConnectionQuestion> = []

    init(_ opened: OpenedRelay) {
        isProven = opened.isProven
        identifier = opened.identifier
    }

    /// Whether the next reply is the answer to a question.
    var isAsking: Bool { question != nil }

    /// The server has told its id.
    mutating func isKnown(by identifier: Int) { self.identifier = identifier }

    /// A client has logged in on it, or out.
    mutating func isLoggedIn(_ isLoggedIn: Bool) {
        isProven = isLoggedIn
        refused.remove(.admission(.resp2))
        refused.remove(.admission(.resp3))
    }

    /// Whether something is to be found out by asking: it is not known yet, and was not refused.
    func mayAsk(_ asked: ConnectionQuestion) -> Bool {
        let isKnown = asked == .identifier ? identifier != nil : isProven
        return !isKnown && !refused.contains(asked)
    }

    /// A question is about to be sent.
    mutating func ask(_ asked: ConnectionQuestion) { question = asked }

    /// The answer is there.
    ///
    /// - Throws: What has come is none.
    mutating func answered(_ reply: ReplyGlimpse) throws(ProtocolError) {
        guard let question else { return }
        self.question = nil
        switch question {
        case _ where reply.isError: refused.insert(question)
        case _ where !question.isAnswered(by: reply.type):
            throw ProtocolError(message: "Protocol error: that is no answer to a question", offset: 0)
        case .identifier: identifier = reply.trailingInteger
        case .admission: isProven = true
        }
    }
}
