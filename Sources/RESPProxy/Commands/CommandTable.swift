import RESPParser

/// The server's own `COMMAND` table: which commands write, block or carry state, and where their keys stand.
struct CommandTable: Sendable {
    private var commands: [CommandName: CommandDescription]

    /// Reads the reply to `COMMAND`, RESP2 or RESP3, of any server version; nil when it is not such a reply.
    init?(reply: RawSpan) {
        guard let value = try? ReplyValue(decoding: reply), let entries = value.elements else { return nil }
        commands = [:]
        for entry in entries {
            guard let (name, description) = Self.description(of: entry) else { continue }
            commands[name] = description
        }
        guard !commands.isEmpty else { return nil }
    }

    /// The description of a command with these arguments; that of the subcommand where there is one.
    func description(of command: CommandView) -> CommandDescription? {
        guard let name = command.name, let description = commands[name] else { return nil }
        guard !description.subcommands.isEmpty, command.count > 1,
            let subcommand = command.word(1)
        else { return description }
        return description.subcommands[subcommand] ?? description
    }

    private static func description(of entry: ReplyValue) -> (CommandName, CommandDescription)? {
        guard let fields = entry.elements, fields.count >= 6,
            let fullName = fields[0].bytes,
            let arity = fields[1].integer.flatMap(Int.init(exactly:)),
            let flags = fields[2].elements,
            let firstKey = fields[3].integer.flatMap(Int.init(exactly:)),
            let lastKey = fields[4].integer.flatMap(Int.init(exactly:)),
            let keyStep = fields[5].integer.flatMap(Int.init(exactly:)),
            let name = CommandName(lastPart(of: fullName).span.bytes)
        else { return nil }
        var description = CommandDescription(
            flags: flags.reduce(into: []) { $0.formUnion(.init(flag: $1.bytes ?? [])) },
            categories: [], arity: arity, firstKey: firstKey, lastKey: lastKey, keyStep: keyStep)
        if fields.count > 6 {
            description.hasCategories = true
            for category in fields[6].elements ?? [] {
                description.categories.formUnion(.init(category: category.bytes ?? []))
            }
        }
        if fields.count > 9 {
            for subentry in fields[9].elements ?? [] {
                guard let (name, subcommand) = Self.description(of: subentry) else { continue }
                description.subcommands[name] = subcommand
            }
        }
        return (name, description)
    }

    /// `create` of `xgroup|create`.
    private static func lastPart(of name: [UInt8]) -> [UInt8] {
        guard let separator = name.lastIndex(of: UInt8(ascii: "|")) else { return name }
        return Array(name[(separator + 1)...])
    }
}
