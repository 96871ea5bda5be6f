import TestSupport

/// A command whose replies two servers give differently by nature, and what is compared in their place.
struct ReplyException: Sendable {
    /// What of two replies must be equal where their bytes need not be.
    enum Comparison: Sendable {
        /// The types and the structure.
        case shape
        /// The type and the count of the outermost only.
        case outline
    }

    /// The command, with its subcommand where it has one.
    let command: String
    /// What is compared.
    let comparison: Comparison
    /// Why the bytes differ.
    let reason: String

    private init(_ command: String, _ comparison: Comparison, _ reason: String) {
        self.command = command
        self.comparison = comparison
        self.reason = reason
    }

    /// All of them.
    static let all: [ReplyException] = [
        ReplyException("TIME", .shape, "the clock"),
        ReplyException("LASTSAVE", .shape, "the clock"),
        ReplyException("PTTL", .shape, "milliseconds pass"),
        ReplyException("HELLO", .shape, "the connection's id"),
        ReplyException("CLIENT ID", .shape, "the connection's id"),
        ReplyException("CLIENT INFO", .shape, "ids and addresses"),
        ReplyException("CLIENT LIST", .shape, "ids and addresses"),
        ReplyException("INFO", .shape, "the process, its clock and its counters"),
        ReplyException("MEMORY STATS", .outline, "the process' memory"),
        ReplyException("MEMORY DOCTOR", .shape, "the process' memory"),
        ReplyException("MEMORY MALLOC-STATS", .shape, "the process' memory"),
        ReplyException("LATENCY DOCTOR", .shape, "how fast the machine was"),
        ReplyException("LATENCY LATEST", .outline, "how fast the machine was"),
        ReplyException("SLOWLOG LEN", .shape, "how fast the machine was"),
        ReplyException("BGSAVE", .outline, "whether another child still runs"),
        ReplyException("BGREWRITEAOF", .outline, "whether another child still runs"),
        ReplyException("COMMAND", .outline, "a hash table's order of chance"),
        ReplyException("COMMAND LIST", .shape, "a hash table's order of chance"),
        ReplyException("ACL CAT", .shape, "a hash table's order of chance"),
        ReplyException("ACL LOG", .outline, "ages, ids and addresses"),
        ReplyException("ACL GENPASS", .shape, "random"),
        ReplyException("OBJECT IDLETIME", .shape, "seconds pass"),
        ReplyException("SYNC", .shape, "whether the replies before it were out yet"),
        ReplyException("PSYNC", .shape, "whether the replies before it were out yet"),
        ReplyException("XPENDING", .shape, "idle times"),
        ReplyException("XINFO CONSUMERS", .shape, "idle times"),
    ]

    /// Those that only some servers need beside them.
    static let elsewhere: [ReplyException] = [
        ReplyException("HTTL", .shape, "seconds pass"),
        ReplyException("HPTTL", .shape, "milliseconds pass"),
        ReplyException("COMMANDLOG LEN", .shape, "how fast the machine was"),
        ReplyException("MEMORY USAGE", .shape, "how the allocator rounds"),
        ReplyException("LOLWUT", .shape, "before Redis 7.0 and on Valkey it is drawn at random"),
    ]

    private static let byCommand = Dictionary(
        uniqueKeysWithValues: (Self.all + (Self.isElsewhere ? Self.elsewhere : [])).map { ($0.command, $0.comparison) })

    /// Whether the server is another than the one that the harness was made on, Redis 7.0.
    static var isElsewhere: Bool {
        ServerProgram.current.isSince(redis: [7, 2]) || !ServerProgram.current.isSince(redis: [7, 0])
    }

    /// What is compared of the replies to a command; `nil`: their bytes.
    static func comparison(for line: ScriptLine) -> Comparison? {
        Self.byCommand["\(line.word(0)) \(line.word(1))"] ?? Self.byCommand[line.word(0)]
    }
}
