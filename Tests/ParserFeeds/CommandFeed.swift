import RESPParser

/// What a client's bytes came to.
public enum ParsedCommand: Equatable, Sendable {
    /// A command as an array of bulk strings.
    case multibulk([[UInt8]])
    /// A command on a line.
    case inline([[UInt8]])
    /// A line that only the server can split: its name, where that is clear.
    case line(name: [UInt8]?)
    /// What is ignored.
    case nothing
    /// What ends the connection.
    case error(ProtocolError)
    /// Bytes of an unfinished command.
    case rest(Int)
}

/// Feeds pieces to a parser as a session does: it keeps the bytes of the command in hand and drops whole commands.
public func parseCommands(_ pieces: [[UInt8]], limits: CommandLimits = .redis) -> [ParsedCommand] {
    var parser = CommandParser(limits: limits)
    var held: [UInt8] = []
    var found: [ParsedCommand] = []
    for piece in pieces {
        held += piece
        do throws(ProtocolError) {
            while true {
                let result = try parser.parse(held.span.bytes)
                guard let length = result.length else { break }
                switch result {
                case .multibulk: found.append(.multibulk(parser.arguments.map { Array(held[$0]) }))
                case .inline: found.append(.inline(parser.arguments.map { Array(parser.inlineAsMultibulk[$0]) }))
                case .line: found.append(.line(name: parser.arguments.first.map { Array(held[$0]) }))
                default: found.append(.nothing)
                }
                held.removeFirst(length)
            }
        } catch {
            return found + [.error(error)]
        }
    }
    return held.isEmpty ? found : found + [.rest(held.count)]
}

/// The same for a text in one piece.
public func parseCommands(_ text: String, limits: CommandLimits = .redis) -> [ParsedCommand] {
    parseCommands([Array(text.utf8)], limits: limits)
}

extension CommandParseResult {
    /// How many bytes were found, nil where the command is not whole.
    public var length: Int? {
        switch self {
        case .incomplete: nil
        case .nothing(let length), .multibulk(let length), .inline(let length), .line(let length): length
        }
    }
}
