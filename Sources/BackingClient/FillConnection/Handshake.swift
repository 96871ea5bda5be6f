import NIOCore

/// What is said on a new fill connection before anything is fetched: who we are, which database, and what the server's commands are.
///
/// All of it goes out in one write, so a lane stands one round trip after its connection.
struct Handshake {
    enum Step: Equatable {
        case login
        case selection
        case commandTable
    }

    /// What a reply means.
    enum Progress: Equatable {
        case goesOn
        /// Done; the table is nil where the server does not tell.
        case done(commandTable: ByteBuffer?)
        /// The server does not let us in, or not yet.
        case refused([UInt8])
        case violation(ReplyViolation)
    }

    private var steps: [Step]
    /// The commands, in the order of their replies.
    let commands: [[[UInt8]]]

    init(_ configuration: BackingConfiguration) {
        var steps: [Step] = []
        var commands: [[[UInt8]]] = []
        if let credentials = BackingCredentials(configuration) {
            steps.append(.login)
            commands.append(credentials.command)
        }
        if configuration.database != 0 {
            steps.append(.selection)
            commands.append([Array("SELECT".utf8), Array(String(configuration.database).utf8)])
        }
        steps.append(.commandTable)
        commands.append([Array("COMMAND".utf8)])
        self.steps = steps
        self.commands = commands
    }

    /// The next reply is the command table, which hiredis cannot parse.
    var expectsCommandTable: Bool { self.steps.first == .commandTable }

    mutating func received(_ reply: BackingReply) -> Progress {
        guard !self.steps.isEmpty else { return .violation(ReplyViolation(reason: "a reply that nobody asked for")) }
        switch (self.steps.removeFirst(), reply) {
        case (.login, .ok), (.selection, .ok):
            return .goesOn
        case (.login, .error(let text)):
            return .refused(BackingCredentials.withoutEcho(text))
        case (.selection, .error(let text)):
            return .refused(text)
        case (.commandTable, .raw(let frame)):
            return self.received(commandTable: frame)
        default:
            return .violation(ReplyViolation(reason: "an unexpected reply to the login"))
        }
    }

    private func received(commandTable frame: ByteBuffer?) -> Progress {
        guard var frame, frame.getInteger(at: frame.readerIndex) == UInt8(ascii: "-") else {
            return .done(commandTable: frame)
        }
        frame.moveReaderIndex(forwardBy: 1)
        let text = Array(frame.readableBytesView.dropLast(2))
        // What passes by itself: with the next attempt the server tells. Where it will not tell at all, a lane without
        // the table is better than none.
        let passing = [
            "LOADING ", "BUSY ", "MASTERDOWN ", "CLUSTERDOWN ", "TRYAGAIN ", "DENIED ", "ERR max number of clients",
        ]
        return passing.contains { text.starts(with: $0.utf8) } ? .refused(text) : .done(commandTable: nil)
    }
}
