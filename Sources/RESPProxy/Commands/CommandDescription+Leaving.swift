/// Which commands leave nothing on their connection, apart from what is followed by name (``StateChange``, ``CommandRouter``).
extension CommandDescription {
    /// Default-deny: what works on data, and the names that are known.
    ///
    /// - Parameter name: Of the command; of a subcommand, its container's.
    func leavesNothing(as name: CommandName, isSubcommand: Bool) -> Bool {
        if Self.known.contains(name) { return true }
        // What `HIMPORT SET` of Redis 8.10 works with, `HIMPORT PREPARE` has left on the connection.
        guard !isSubcommand else { return false }
        // So a module's own log-in command counts as one that leaves something.
        return firstKey > 0 || !flags.isDisjoint(with: [.write, .readonly, .blocking])
    }

    /// All without keys that Redis up to 8.2 and Valkey up to 9.1 have, and those with subcommands.
    private static let known: Set<CommandName> = [
        "acl", "asking", "auth", "bgrewriteaof", "bgsave", "client", "cluster", "command", "commandlog", "config",
        "debug",
        "discard", "echo", "eval", "evalsha", "exec", "failover", "fcall", "function", "hello", "info", "lastsave",
        "latency", "memory", "module", "monitor", "multi", "object", "pfselftest", "ping", "psubscribe", "psync",
        "publish",
        "pubsub", "punsubscribe", "quit", "readonly", "readwrite", "replconf", "replicaof", "reset", "role", "save",
        "script", "select", "shutdown", "slaveof", "slowlog", "spublish", "ssubscribe", "subscribe", "sunsubscribe",
        "sync",
        "time", "unsubscribe", "unwatch", "wait", "waitaof", "xgroup", "xinfo",
    ]
}
