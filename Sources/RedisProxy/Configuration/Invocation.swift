/// What the program is asked to do.
enum Invocation: Equatable {
    case run(FlagArguments)
    case checkHealth(FlagArguments)
    case showHelp
    case showVersion
    case showOptionsAsMarkdown

    /// - Parameter arguments: Without the program's name.
    init(arguments: [String]) throws(ConfigurationError) {
        let flags = Set(OptionTable.all.map(\.flag))
        var values: [(flag: String, value: String)] = []
        var checksHealth = false
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--help", "-h":
                self = .showHelp
                return
            case "--version":
                self = .showVersion
                return
            case "--print-options-markdown":
                self = .showOptionsAsMarkdown
                return
            case "--health":
                checksHealth = true
                continue
            default: break
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                throw Self.notAFlag(argument, after: values)
            }
            let (flag, attached) = Self.split(argument)
            guard flags.contains(flag) else { throw Self.unknown(flag, among: flags) }
            guard !values.contains(where: { $0.flag == flag }) else {
                throw ConfigurationError("\(flag): given more than once, expected once")
            }
            let value = if let attached { attached } else { try Self.nextValue(&rest, for: flag) }
            guard !value.isEmpty else { throw Self.lacksValue(flag) }
            values.append((flag, value))
        }
        self = checksHealth ? .checkHealth(FlagArguments(values)) : .run(FlagArguments(values))
    }

    private static func split(_ argument: String) -> (flag: String, value: String?) {
        guard let equals = argument.firstIndex(of: "=") else { return (argument, nil) }
        return (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
    }

    /// The argument after a flag is its value, unless it looks like the next flag: then the value was forgotten.
    private static func nextValue(
        _ rest: inout ArraySlice<String>, for flag: String
    ) throws(ConfigurationError) -> String {
        guard let value = rest.first, !value.hasPrefix("--") else { throw lacksValue(flag) }
        rest.removeFirst()
        return value
    }

    private static func lacksValue(_ flag: String) -> ConfigurationError {
        let allowed = OptionTable.all.first { $0.flag == flag }?.allowed ?? "a value"
        return ConfigurationError(
            "\(flag): lacks its value, expected \(allowed); one that begins with -- as \(flag)=--…")
    }

    private static func unknown(_ flag: String, among flags: Set<String>) -> ConfigurationError {
        let known = flags.union(["--help", "--version", "--health"])
        let suggestion = ClosestMatch.find(flag, in: known).map { "did you mean \($0)?" } ?? "see --help"
        return ConfigurationError("\(QuotedValue(flag)): there is no such flag, \(suggestion)")
    }

    private static func notAFlag(
        _ argument: String, after values: [(flag: String, value: String)]
    ) -> ConfigurationError {
        // It may be the second word of a password that was not quoted.
        let secretFlags = OptionTable.all.filter(\.isSecret).map(\.flag)
        let mayBeSecret = values.contains { secretFlags.contains($0.flag) }
        let shown =
            mayBeSecret ? "an argument after \(values.last?.flag ?? "the flags")" : QuotedValue(argument).description
        return ConfigurationError("\(shown): is not a flag, expected only flags and their values, see --help")
    }
}
