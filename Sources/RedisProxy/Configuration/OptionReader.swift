import Configuration

/// Reads options: flags before environment before default, each strictly.
///
/// swift-configuration brings the values here, as texts only: its typed reads with a default answer that default where a
/// value does not parse, and say nothing.
struct OptionReader {
    /// Where a value comes from.
    enum Source {
        case flags, environment
    }

    private let flags: ConfigReader
    private let environment: ConfigReader
    /// Options that are read from one source only, by their variables.
    private var onlySources: [String: Source] = [:]
    /// The variable that is ignored where Kubernetes has set it.
    private var serviceLink: String?

    init(flags: FlagArguments, environment: EnvironmentVariablesProvider) {
        self.flags = ConfigReader(provider: CommandLineArgumentsProvider(arguments: flags.arguments))
        self.environment = ConfigReader(provider: environment)
    }

    /// The option's value, or its default where neither a flag nor a variable gives one.
    func value<Value>(of option: Option<Value>) throws(ConfigurationError) -> Value {
        guard let text = text(of: option) else { return option.defaultValue }
        do {
            return try option.kind.parse(text)
        } catch {
            let name = givenName(of: option)
            guard !option.isSecret else { throw ConfigurationError("\(name): the value is not allowed") }
            throw ConfigurationError(
                name: name, value: text, allowed: option.allowed, hint: kubernetesHint(option, text) ?? error.hint)
        }
    }

    /// Where the option's value comes from; nil: from its default.
    func source(of option: some OptionDescription) -> Source? {
        if flagText(of: option) != nil { return .flags }
        return text(of: option) == nil ? nil : .environment
    }

    /// The same values, but these options count only as far as `source` gives them, and the variable of `port` not where it is what Kubernetes
    /// sets for a service.
    func reading(
        _ options: [any OptionDescription], onlyFrom source: Source, exceptServiceLinksOf port: some OptionDescription
    ) -> OptionReader {
        var reader = self
        for option in options { reader.onlySources[option.environment] = source }
        reader.serviceLink = port.environment
        return reader
    }

    /// The name by which the user gave the option: its flag if that was used, or else its environment variable.
    func givenName(of option: some OptionDescription) -> String {
        flagText(of: option) == nil ? option.environment : option.flag
    }

    private func text(of option: some OptionDescription) -> String? {
        if let text = flagText(of: option) { return text }
        guard onlySources[option.environment] != .flags else { return nil }
        let text = environment.string(forKey: ConfigKey(option.words), isSecret: option.isSecret)
        if serviceLink == option.environment, text?.hasPrefix("tcp://") == true { return nil }
        return text == "" ? nil : text
    }

    private func flagText(of option: some OptionDescription) -> String? {
        guard onlySources[option.environment] != .environment else { return nil }
        // The provider takes every value with a comma for a list, so the parts are put together again.
        return flags.stringArray(forKey: ConfigKey(option.words), isSecret: option.isSecret)?.joined(separator: ",")
    }

    /// Kubernetes sets `NAME_PORT=tcp://…` in every container for each service called `name`.
    private func kubernetesHint(_ option: some OptionDescription, _ text: String) -> String? {
        guard option.words.last == "port", text.hasPrefix("tcp://"), flagText(of: option) == nil else { return nil }
        let service = option.words.dropLast().joined(separator: "-")
        return "Kubernetes injects this for a service named `\(service)`: set \(option.environment) in the container's"
            + " env, or enableServiceLinks: false in the pod"
    }
}
