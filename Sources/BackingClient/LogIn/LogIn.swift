import RESPParser

/// What is said first on a connection to the server, whoever it is for: who comes, in which version of the protocol it is answered, and
/// which database it is about; and what the replies to that mean.
///
/// It goes out in one write, together with whatever is asked next.
package struct LogIn: Sendable {
    /// One command, and what it is for.
    package enum Step: Sendable, Equatable {
        case authentication(BackingCredentials)
        case version(RESPVersion)
        case selection(database: Int)

        /// The command, word by word.
        package var words: [[UInt8]] {
            switch self {
            case .authentication(let credentials): credentials.command
            case .version(let version): [Array("HELLO".utf8), Array(String(version.rawValue).utf8)]
            case .selection(let database): [Array("SELECT".utf8), Array(String(database).utf8)]
            }
        }
    }

    /// What a reply means.
    enum Progress: Equatable {
        case goesOn
        /// The server does not let us in, or not there.
        case refused([UInt8])
        case violation(ReplyViolation)
    }

    /// In the order in which they are said, and answered.
    package let steps: [Step]
    private var answered = 0

    /// - Parameters:
    ///   - credentials: nil: the server is expected to let us in without.
    ///   - version: nil: the one that a new connection speaks; `HELLO` is not said.
    ///   - database: 0 is the one that a new connection has.
    package init(_ credentials: BackingCredentials?, version: RESPVersion? = nil, database: Int = 0) {
        var steps: [Step] = []
        if let credentials { steps.append(.authentication(credentials)) }
        if let version { steps.append(.version(version)) }
        if database != 0 { steps.append(.selection(database: database)) }
        self.steps = steps
    }

    /// The commands, in the order of their replies.
    package var commands: [[[UInt8]]] { self.steps.map(\.words) }

    /// Whether all of it has been answered, and agreed to: what comes next is the reply to something else.
    var isDone: Bool { self.answered == self.steps.count }

    /// To be told each reply until ``isDone``.
    mutating func received(_ reply: BackingReply) -> Progress {
        guard !self.isDone else { return .violation(.unexpectedAtLogIn) }
        let step = self.steps[self.answered]
        self.answered += 1
        switch (step, reply) {
        case (.authentication, .ok), (.selection, .ok):
            return .goesOn
        case (.authentication, .error(let text)):
            return .refused(BackingCredentials.withoutEcho(text))
        case (.selection, .error(let text)), (.version, .error(let text)):
            return .refused(text)
        // Whoever says `HELLO` reads the reply as it comes: hiredis does not know all of them.
        case (.authentication, _), (.selection, _), (.version, _):
            return .violation(.unexpectedAtLogIn)
        }
    }
}

extension ReplyViolation {
    fileprivate static let unexpectedAtLogIn = ReplyViolation(reason: "an unexpected reply to the login")
}
