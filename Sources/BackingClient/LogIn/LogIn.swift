/// What is said first on a connection of the proxy's own: who it is, and which database it reads; and what the replies to that mean.
///
/// It goes out in one write, together with whatever is asked next.
struct LogIn {
    private enum Step {
        case authentication, selection
    }

    /// What a reply means.
    enum Progress: Equatable {
        case goesOn
        /// The server does not let us in, or not there.
        case refused([UInt8])
        case violation(ReplyViolation)
    }

    /// Those that are not answered yet.
    private var steps: ArraySlice<Step>
    /// The commands, in the order of their replies.
    let commands: [[[UInt8]]]

    /// - Parameters:
    ///   - credentials: nil: the server is expected to let us in without.
    ///   - database: 0 is the one that a new connection has.
    init(_ credentials: BackingCredentials?, database: Int = 0) {
        var steps: [Step] = []
        var commands: [[[UInt8]]] = []
        if let credentials {
            steps.append(.authentication)
            commands.append(credentials.command)
        }
        if database != 0 {
            steps.append(.selection)
            commands.append([Array("SELECT".utf8), Array(String(database).utf8)])
        }
        self.steps = steps[...]
        self.commands = commands
    }

    /// Whether all of it has been answered, and agreed to: what comes next is the reply to something else.
    var isDone: Bool { self.steps.isEmpty }

    /// To be told each reply until ``isDone``.
    mutating func received(_ reply: BackingReply) -> Progress {
        switch (self.steps.popFirst(), reply) {
        case (.authentication, .ok), (.selection, .ok):
            return .goesOn
        case (.authentication, .error(let text)):
            return .refused(BackingCredentials.withoutEcho(text))
        case (.selection, .error(let text)):
            return .refused(text)
        default:
            return .violation(ReplyViolation(reason: "an unexpected reply to the login"))
        }
    }
}
