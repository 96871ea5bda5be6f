import NIOCore

/// What is said on a new fill connection before anything is fetched: who we are, which database, and what the server's commands are.
///
/// All of it goes out in one write, so a lane stands one round trip after its connection.
struct Handshake {
    /// What a reply means.
    enum Progress: Equatable {
        case goesOn
        /// Done; the table is nil where the server does not tell.
        case done(commandTable: ByteBuffer?)
        /// The server does not let us in, or not yet.
        case refused([UInt8])
        case violation(ReplyViolation)
    }

    private var logIn: LogIn
    private var isOver = false

    init(_ configuration: BackingConfiguration) {
        self.logIn = LogIn(configuration.credentials, database: configuration.database)
    }

    /// The commands, in the order of their replies.
    var commands: [[[UInt8]]] { self.logIn.commands + [[Array("COMMAND".utf8)]] }

    /// The next reply is the command table, which hiredis cannot parse.
    var expectsCommandTable: Bool { self.logIn.isDone && !self.isOver }

    mutating func received(_ reply: BackingReply) -> Progress {
        guard self.logIn.isDone else {
            switch self.logIn.received(reply) {
            case .goesOn: return .goesOn
            case .refused(let text): return .refused(text)
            case .violation(let violation): return .violation(violation)
            }
        }
        guard !self.isOver else { return .violation(ReplyViolation(reason: "a reply that nobody asked for")) }
        self.isOver = true
        guard case .raw(let frame) = reply else {
            return .violation(ReplyViolation(reason: "an unexpected reply to the login"))
        }
        return self.received(commandTable: frame)
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
