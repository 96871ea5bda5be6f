/// Commands that one session sends one after the other, on a connection and data of its own.
struct CommandScript: Sendable {
    /// What test reports call it.
    let name: String
    /// Its commands.
    let lines: [ScriptLine]

    /// A script of the commands given, which begins on an empty server.
    init(_ name: String, _ lines: [ScriptLine]) {
        self.name = name
        self.lines = [ScriptLine("FLUSHALL")] + lines
    }

    /// A script of text, a command a line.
    init(_ name: String, _ text: String) {
        self.init(name, text.split(separator: "\n").map { ScriptLine($0) })
    }

    /// All scripts with valid arguments.
    static let valid: [CommandScript] = [
        .strings, .bits, .keys, .expiry, .lists, .blocking, .hashes, .sets, .sortedSets, .sortedSetStores,
        .geography, .logs, .streams, .scripting, .functions, .transactions, .publishing, .subscribing,
        .connection, .tracking, .silence, .quitting, .server, .accessLists, .cluster, .introspection, .refused, .later,
    ]
}
