import RESPParser

/// What the proxy says at the start of a connection, before anybody else uses it.
struct Preamble: Sendable {
    /// What is said, and what it changes where the server agrees.
    struct Command: Sendable {
        let words: [[UInt8]]
        let change: StateChange

        static func login(_ words: [[UInt8]]) -> Command { Command(words: words, change: .authenticate(user: [])) }
        static func hello(_ version: RESPVersion) -> Command {
            Command(
                words: [Array("HELLO".utf8), Array(String(version.rawValue).utf8)],
                change: .hello(version: version.rawValue, user: nil, setsName: false))
        }
        static func select(_ database: Int) -> Command {
            Command(words: [Array("SELECT".utf8), Array(String(database).utf8)], change: .select(database: database))
        }
    }

    /// In this order.
    let commands: [Command]
    /// The last of them is a question that only tells whether a client is let in, and by what id: that a server does not know it, or that it
    /// is forbidden, is no refusal.
    private var endsInQuestion = false

    /// - Parameters:
    ///   - login: nil: nobody is logged in.
    ///   - database: 0: the one that a new connection has.
    init(login: [[UInt8]]?, database: Int = 0) {
        commands = (login.map { [.login($0)] } ?? []) + (database == 0 ? [] : [.select(database)])
    }

    /// What makes a new connection one of that kind, and shows that it is.
    ///
    /// Whether a client is let in that gives no password is asked on each connection: that another one was let in proves nothing of one that
    /// was opened later. `HELLO` needs no rights beyond that, and its reply tells the id.
    ///
    /// - Parameter authentication: The log-in of the fill lane's user, if it has one.
    init(for key: RelayKey, authentication: [[UInt8]]?) {
        var commands: [Command] = []
        if key.isFillUser, let authentication { commands.append(.login(authentication)) }
        if key.version == .resp3 || !key.isFillUser { commands.append(.hello(key.version)) }
        self.commands = commands
        endsInQuestion = key.version == .resp2 && !key.isFillUser
    }

    /// Whether that error, without its `-`, ends the connection.
    func isRefused(by error: some Collection<UInt8>, reply index: Int) -> Bool {
        guard endsInQuestion, index == commands.count - 1 else { return true }
        return !error.starts(with: "ERR unknown command".utf8) && !error.starts(with: "NOPERM".utf8)
    }
}
