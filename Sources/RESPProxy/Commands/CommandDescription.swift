/// What the server's `COMMAND` table says of one command or subcommand, as far as the proxy asks.
///
/// See https://redis.io/docs/latest/commands/command/. Plain numbers only, so that it is copied freely.
struct CommandDescription: Sendable {
    var flags: Flags
    var categories: Categories
    /// Whether the server told the categories at all; before 6.0 it does not.
    var hasCategories = false
    /// Position of the first key among the arguments, the name being 0; 0 = no key stands at a fixed place.
    var firstKey: Int
    /// Position of the last key; negative counts from the end.
    var lastKey: Int
    /// Distance between two keys.
    var keyStep: Int
    /// Whether the table describes its subcommands apart.
    var hasSubcommands = false

    /// Whether it may leave something on its connection that the proxy does not follow.
    var mayLeaveAnything = false

    /// Whether its reply is short whatever the keys hold, but for `SET` with `GET` and for `PING` with a text.
    var hasShortReply = false

    /// Whether it works on keys and nothing else: by the server's own categories it carries no state, does not block, runs no script and
    /// administrates nothing. Redis 6 counts `SELECT` and its like among those, but they have no key.
    var isPlain: Bool { hasCategories && categories.isEmpty && firstKey > 0 && !mayLeaveAnything }

    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8
        static let write = Flags(rawValue: 1 << 0)
        static let readonly = Flags(rawValue: 1 << 1)
        static let blocking = Flags(rawValue: 1 << 2)
        static let movableKeys = Flags(rawValue: 1 << 3)

        init(rawValue: UInt8) { self.rawValue = rawValue }

        init(flag: [UInt8]) {
            switch String(decoding: flag, as: UTF8.self) {
            case "write": self = .write
            case "readonly": self = .readonly
            case "blocking": self = .blocking
            case "movablekeys": self = .movableKeys
            default: self = []
            }
        }
    }

    /// The ACL categories that tell what a command is, whatever its name was changed to.
    struct Categories: OptionSet, Sendable {
        let rawValue: UInt8
        static let connection = Categories(rawValue: 1 << 0)
        static let transaction = Categories(rawValue: 1 << 1)
        static let pubsub = Categories(rawValue: 1 << 2)
        static let blocking = Categories(rawValue: 1 << 3)
        static let scripting = Categories(rawValue: 1 << 4)
        static let admin = Categories(rawValue: 1 << 5)

        init(rawValue: UInt8) { self.rawValue = rawValue }

        init(category: [UInt8]) {
            switch String(decoding: category, as: UTF8.self) {
            case "@connection": self = .connection
            case "@transaction": self = .transaction
            case "@pubsub": self = .pubsub
            case "@blocking": self = .blocking
            case "@scripting": self = .scripting
            case "@admin": self = .admin
            default: self = []
            }
        }
    }
}
