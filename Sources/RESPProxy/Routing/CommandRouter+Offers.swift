/// Commands by which a client tells the server what more it may say. What a server says then names servers, and so would lead the client past
/// the proxy; in their place goes what asks for nothing, and is answered alike.
extension CommandRouter {
    /// What goes to the server in place of a command; nil where that is the command itself.
    static func substitute(for command: CommandView) -> [[UInt8]]? {
        guard command.name == "client", command.isComplete, command.count > 2 else { return nil }
        switch command.word(1) {
        // A server ignores capabilities that it does not know. With `redirect`, one that has become a replica answers `-REDIRECT host:port`.
        case "capa": return words("CLIENT", "CAPA", "none")
        // The notifications tell where a server moves to. One that knows none refuses both alike.
        case "maint_notifications" where command.word(2) == "on": return words("CLIENT", "MAINT_NOTIFICATIONS", "OFF")
        default: return nil
        }
    }

    private static func words(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }
}
