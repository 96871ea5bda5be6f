/// What the server's table says of one command: looked up once, and then asked for all that must be known of it.
enum TableEntry: Sendable {
    /// The table has not been read, or is forbidden.
    case noTable
    /// The table does not have the command.
    case unlisted
    case listed(CommandDescription)

    var description: CommandDescription? {
        if case .listed(let description) = self { description } else { nil }
    }
}
