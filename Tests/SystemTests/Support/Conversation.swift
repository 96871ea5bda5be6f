import TestSupport

/// One exchange of a session: what is sent in one write, and how many replies are read before the next.
struct Exchange: Sendable, CustomStringConvertible {
    let bytes: [UInt8]
    let replies: Int

    /// Sends inline commands in one write, one for each word list, and reads a reply to each. `''` is an empty argument.
    static func commands(_ lines: String..., replies: Int? = nil) -> Exchange {
        let commands = lines.map { line in
            encodeCommand(line.split(separator: " ").map { $0 == "''" ? [] : Array($0.utf8) })
        }
        return Exchange(bytes: Array(commands.joined()), replies: replies ?? lines.count)
    }

    /// Sends bytes as they are.
    static func raw(_ text: String, replies: Int) -> Exchange { Exchange(bytes: Array(text.utf8), replies: replies) }

    var description: String { printable(self.bytes) }
}

/// Has the conversation on the connection and returns the replies, a line for each exchange.
///
/// At its end it half-closes and notes what came until the close, so that a reply too many is seen too.
func transcript(of exchanges: [Exchange], on connection: RawConnection) throws -> [String] {
    var lines: [String] = []
    for exchange in exchanges {
        do {
            try connection.send(exchange.bytes)
            let replies = try connection.receiveReplies(exchange.replies)
            lines.append("\(exchange) -> \(printable(replies.utf8))")
        } catch {
            lines.append("\(exchange) -> \(error)")
            return lines
        }
    }
    connection.finishSending()
    lines.append("end -> \(printable(try connection.receiveToEnd().bytes))")
    return lines
}

/// What the proxy and a server of its own answer to the same bytes, followed by our FIN.
///
/// The close may come as a reset where the peer had not read everything; the bytes before it count.
func answers(to bytes: [UInt8], on connection: RawConnection, half: Bool = true) throws -> String {
    // A peer that closes early makes the rest of a long request fail to send; what it said still counts.
    try? connection.send(bytes)
    if half { connection.finishSending() }
    return printable(try connection.receiveToEnd().bytes)
}
