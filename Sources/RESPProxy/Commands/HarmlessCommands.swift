/// Commands that change no key although the server's table flags them neither `write` nor `readonly`.
///
/// What is not listed may change any: the table does not tell what a script, a module or a command of a later version does. The lists hold
/// for Redis 5 to 8 and Valkey 8 and 9; of some commands only certain subcommands are harmless, also where the table has no entries for
/// these (before Redis 7).
enum HarmlessCommands {
    /// - Parameter categories: Those of the server's table; empty where it has none (before Redis 6). A name counts only among what
    ///   the table puts it, since `rename-command` may give it to another.
    static func contain(
        _ name: CommandName, subcommand: CommandName?, _ categories: CommandDescription.Categories
    ) -> Bool {
        if let subcommands = ofContainer(name) { return subcommand.map(subcommands.contains) == true }
        if categories.contains(.scripting) { return scripting.contains(name) }
        if categories.contains(.admin) { return admin.contains(name) }
        if !categories.isDisjoint(with: [.connection, .transaction, .pubsub]) { return true }
        return others.contains(name) || admin.contains(name) || scripting.contains(name)
    }

    private static let others: Set<CommandName> = [
        "asking", "auth", "command", "discard", "echo", "exec", "hello", "info", "memory", "multi", "object", "ping",
        "psubscribe", "publish", "pubsub", "punsubscribe", "quit", "readonly", "readwrite", "reset", "select",
        "spublish", "ssubscribe", "subscribe", "sunsubscribe", "time", "unsubscribe", "unwatch", "wait", "waitaof",
        "watch", "xgroup", "xinfo",
    ]

    private static let admin: Set<CommandName> = [
        "acl", "bgrewriteaof", "bgsave", "client", "commandlog", "config", "hotkeys", "lastsave", "latency", "monitor",
        "pfselftest", "psync", "replconf", "role", "save", "slowlog", "sync",
    ]

    private static let scripting: Set<CommandName> = ["function", "script"]

    /// nil: a command that is harmless, or not, as a whole.
    private static func ofContainer(_ name: CommandName) -> Set<CommandName>? {
        switch name {
        case "cluster": cluster
        case "module": module
        default: nil
        }
    }

    /// The others change which server has a slot, and with it the keys.
    private static let cluster: Set<CommandName> = [
        "count-failure-reports", "countkeysinslot", "getkeysinslot", "getslotmigrations", "help", "info", "keyslot",
        "links", "myid", "myshardid", "nodes", "replicas", "saveconfig", "shards", "slaves", "slot-stats", "slots",
    ]

    private static let module: Set<CommandName> = ["help", "list"]
}
