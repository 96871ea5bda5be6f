import RESPParser

/// The server's own `COMMAND` table: which commands write, block or carry state, and where their keys stand.
struct CommandTable: Sendable {
    private let commands: CommandMap<CommandDescription>
    /// By the container's name, and then by the name behind it (`create` of `xgroup|create`).
    private let subcommands: [CommandName: [CommandName: CommandDescription]]
    /// Whether it is of a server before Redis 7, which tells nothing of subcommands.
    let isOfRedis6: Bool

    /// Reads the reply to `COMMAND`, RESP2 or RESP3, of any server version; nil when it is not such a reply.
    init?(reply: RawSpan) {
        guard let value = try? ReplyValue(decoding: reply), let entries = value.elements else { return nil }
        var commands: [CommandName: CommandDescription] = [:]
        var subcommands: [CommandName: [CommandName: CommandDescription]] = [:]
        for entry in entries {
            guard let fields = entry.elements, let (name, own) = Self.description(of: fields) else { continue }
            var description = own
            for subentry in fields.count > 9 ? fields[9].elements ?? [] : [] {
                guard let fields = subentry.elements, let (subname, found) = Self.description(of: fields) else {
                    continue
                }
                var subcommand = found
                subcommand.hasShortReply = CommandDescription.shortReplies.contains(name)
                subcommand.mayLeaveAnything = !found.leavesNothing(as: name, isSubcommand: true)
                description.hasSubcommands = true
                subcommands[name, default: [:]][subname] = subcommand
            }
            description.mayLeaveAnything = !description.leavesNothing(as: name, isSubcommand: false)
            description.hasShortReply = CommandDescription.shortReplies.contains(name)
            commands[name] = description
        }
        guard !commands.isEmpty else { return nil }
        self.commands = CommandMap(commands)
        self.subcommands = subcommands
        self.isOfRedis6 = subcommands.isEmpty
    }

    /// What the table says of a command with these arguments; of the subcommand where it has that.
    func entry(for command: CommandView) -> TableEntry {
        guard let name = command.name, let description = commands[name] else { return .unlisted }
        guard description.hasSubcommands, let subname = command.word(1),
            let subcommand = subcommands[name]?[subname]
        else { return .listed(description) }
        return .listed(subcommand)
    }

    private static func description(of fields: [ReplyValue]) -> (CommandName, CommandDescription)? {
        guard fields.count >= 6,
            let fullName = fields[0].bytes,
            let flags = fields[2].elements,
            let firstKey = fields[3].integer.flatMap(Int.init(exactly:)),
            let lastKey = fields[4].integer.flatMap(Int.init(exactly:)),
            let keyStep = fields[5].integer.flatMap(Int.init(exactly:)),
            let name = CommandName(lastPart(of: fullName).span.bytes)
        else { return nil }
        var description = CommandDescription(
            flags: flags.reduce(into: []) { $0.formUnion(.init(flag: $1.bytes ?? [])) },
            categories: [], firstKey: firstKey, lastKey: lastKey, keyStep: keyStep)
        if fields.count > 6 {
            description.hasCategories = true
            for category in fields[6].elements ?? [] {
                description.categories.formUnion(.init(category: category.bytes ?? []))
            }
            // Redis 6 tells it by the category alone.
            if description.categories.contains(.blocking) { description.flags.insert(.blocking) }
        }
        return (name, description)
    }

    /// `create` of `xgroup|create`.
    private static func lastPart(of name: [UInt8]) -> [UInt8] {
        guard let separator = name.lastIndex(of: UInt8(ascii: "|")) else { return name }
        return Array(name[(separator + 1)...])
    }
}
