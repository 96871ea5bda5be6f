import BackingClient

/// What the proxy says at the start of a connection, before anybody else uses it: its log-in, and what that makes of the connection.
struct Preamble: Sendable {
    private let logIn: LogIn
    /// The last command is a question that only tells whether a client is let in, and by what id: that a server does not know it, or that it
    /// is forbidden, is no refusal.
    private var endsInQuestion = false

    init(_ logIn: LogIn) {
        self.logIn = logIn
    }

    /// What makes a new connection one of that kind, and shows that it is.
    ///
    /// Whether a client is let in that gives no password is asked on each connection: that another one was let in proves nothing of one that
    /// was opened later. `HELLO` needs no rights beyond that, and its reply tells the id.
    ///
    /// - Parameter credentials: Those of the fill lane's user, if it has any.
    init(for key: RelayKey, credentials: BackingCredentials?) {
        let saysHello = key.version == .resp3 || !key.isFillUser
        logIn = LogIn(key.isFillUser ? credentials : nil, version: saysHello ? key.version : nil)
        endsInQuestion = key.version == .resp2 && !key.isFillUser
    }

    /// How many replies there will be.
    var count: Int { logIn.steps.count }

    /// The commands, in the order of their replies.
    var commands: [[[UInt8]]] { logIn.commands }

    /// What a command changes where the server agrees.
    func change(ofReply index: Int) -> StateChange {
        switch logIn.steps[index] {
        case .authentication: .authenticate(user: [])
        case .version(let version): .hello(version: version.rawValue, user: nil, setsName: false)
        case .selection(let database): .select(database: database)
        }
    }

    /// Whether that error, without its `-`, ends the connection.
    func isRefused(by error: some Collection<UInt8>, reply index: Int) -> Bool {
        guard endsInQuestion, index == count - 1 else { return true }
        return !error.starts(with: "ERR unknown command".utf8) && !error.starts(with: "NOPERM".utf8)
    }
}
