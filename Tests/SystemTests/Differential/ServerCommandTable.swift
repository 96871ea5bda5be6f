import TestSupport

/// The server's own table of its commands and their subcommands, as `COMMAND` tells it.
struct ServerCommandTable: Sendable {
    /// A command or a subcommand.
    struct Entry: Sendable {
        /// Its words in upper case: one, or two for a subcommand.
        let words: [String]
        /// The count of its words and arguments; negative: at least so many.
        let arity: Int
        /// Where its first key stands; 0: it has none, or where depends on the arguments.
        let firstKey: Int

        /// The words with a space between.
        var name: String { self.words.joined(separator: " ") }
    }

    /// The commands by name.
    let commands: [String: Entry]
    /// The subcommands by command and name.
    let subcommands: [String: Entry]

    /// Every command and subcommand, sorted by name.
    var all: [Entry] { (Array(self.commands.values) + self.subcommands.values).sorted { $0.name < $1.name } }

    /// Asks a server.
    init(of server: RedisServer) throws {
        var commands: [String: Entry] = [:]
        var subcommands: [String: Entry] = [:]
        for command in try server.command("COMMAND").elements {
            let entry = try Self.entry(command)
            commands[entry.name] = entry
            for subcommand in command.elements.dropFirst(9).first?.elements ?? [] {
                let entry = try Self.entry(subcommand)
                subcommands[entry.name] = entry
            }
        }
        self.commands = commands
        self.subcommands = subcommands
    }

    private static func entry(_ reply: Reply) throws -> Entry {
        guard reply.elements.count > 3, let name = reply.elements[0].string,
            case .integer(let arity) = reply.elements[1], case .integer(let firstKey) = reply.elements[3]
        else { throw TestSupportError("COMMAND: \(reply)") }
        let words = name.uppercased().split(separator: "|").map { String($0) }
        return Entry(words: words, arity: Int(arity), firstKey: Int(firstKey))
    }

    /// What a line of a script is in this table; a subcommand before its command.
    func entry(for line: ScriptLine) -> Entry? {
        self.subcommands["\(line.word(0)) \(line.word(1))"] ?? self.commands[line.word(0)]
    }
}
