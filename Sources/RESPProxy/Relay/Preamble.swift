import NIOCore
import RESPParser

/// What the proxy says at the start of a connection, before anybody else uses it.
struct Preamble: Sendable {
    /// In this order.
    let commands: [[[UInt8]]]
    /// The last of them is a question that only tells whether a client is let in, and by what id: that a server does not know it, or that it
    /// is forbidden, is no refusal.
    private var endsInQuestion = false

    init(_ commands: [[[UInt8]]]) {
        self.commands = commands
    }

    /// What makes a new connection one of that kind, and shows that it is.
    ///
    /// Whether a client is let in that gives no password is asked on each connection: that another one was let in proves nothing of one that
    /// was opened later. `HELLO` needs no rights beyond that, and its reply tells the id.
    ///
    /// - Parameter authentication: The log-in of the fill lane's user, if it has one.
    init(for key: RelayKey, authentication: [[UInt8]]?) {
        var commands: [[[UInt8]]] = []
        if key.isFillUser, let authentication { commands.append(authentication) }
        if key.version == .resp3 || !key.isFillUser {
            commands.append([Array("HELLO".utf8), Array(String(key.version.rawValue).utf8)])
        }
        self.commands = commands
        endsInQuestion = key.version == .resp2 && !key.isFillUser
    }

    /// Whether that error ends the connection.
    func isRefused(by error: ByteBuffer, reply index: Int) -> Bool {
        guard endsInQuestion, index == commands.count - 1 else { return true }
        let text = error.readableBytesView
        return !text.starts(with: "-ERR unknown command".utf8) && !text.starts(with: "-NOPERM".utf8)
    }
}
