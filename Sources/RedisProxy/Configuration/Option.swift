/// One option: its names, what it takes, its default and what it is for. Parsing, `--help` and docs/configuration.md all
/// come from here.
struct Option<Value: Sendable>: OptionDescription {
    let environment: String
    let kind: ValueKind<Value>
    let defaultValue: Value
    let shownDefault: String
    let changes: OptionChange
    let help: String

    /// - Parameters:
    ///   - environment: The environment variable; the flag is derived from it.
    ///   - shownDefault: What help and documentation call the default, where its own text would not do.
    ///   - changes: When another value takes effect.
    ///   - help: What the option is for: one sentence or two, without a line break.
    init(
        _ environment: String, _ kind: ValueKind<Value>, default defaultValue: Value, shown shownDefault: String? = nil,
        changes: OptionChange = .atStart, help: String
    ) {
        self.environment = environment
        self.kind = kind
        self.defaultValue = defaultValue
        self.shownDefault = shownDefault ?? kind.format(defaultValue)
        self.changes = changes
        self.help = help
    }

    var placeholder: String { kind.placeholder }
    var allowed: String { kind.allowed }
    var isSecret: Bool { Value.self == Secret?.self }
}

/// An option without the type of its value, for those who list, describe or check options.
protocol OptionDescription: Sendable {
    /// The environment variable, e.g. `PROXY_PORT`.
    var environment: String { get }
    var placeholder: String { get }
    var allowed: String { get }
    var shownDefault: String { get }
    var help: String { get }
    /// When another value takes effect.
    var changes: OptionChange { get }
    /// Whether the value must never be shown.
    var isSecret: Bool { get }
}

extension OptionDescription {
    /// The environment variable's words, which are the option's key in swift-configuration.
    var words: [String] { environment.lowercased().split(separator: "_").map(String.init) }
    /// The flag, e.g. `--proxy-port`.
    var flag: String { "--" + words.joined(separator: "-") }
}
