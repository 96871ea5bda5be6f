import Configuration

/// Reads options: flags before environment before default, each strictly.
///
/// swift-configuration brings the values here, as texts only: its typed reads with a default answer that default where a
/// value does not parse, and say nothing.
struct OptionReader {
    private let flags: ConfigReader
    private let environment: ConfigReader

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

    /// The name by which the user gave the option: its flag if that was used, or else its environment variable.
    func givenName(of option: some OptionDescription) -> String {
        flagText(of: option) == nil ? option.environment : option.flag
    }

    private func text(of option: some OptionDescription) -> String? {
        if let text = flagText(of: option) { return text }
        let text = environment.string(forKey: ConfigKey(option.words), isSecret: option.isSecret)
        return text == "" ? nil : text
    }

    private func flagText(of option: some OptionDescription) -> String? {
        // The provider takes every value with a comma for a list, so the parts are put together again.
        flags.stringArray(forKey: ConfigKey(option.words), isSecret: option.isSecret)?.joined(separator: ",")
    }

    /// Kubernetes sets `NAME_PORT=tcp://…` in every container for each service called `name`.
    private func kubernetesHint(_ option: some OptionDescription, _ text: String) -> String? {
        guard option.words.last == "port", text.hasPrefix("tcp://"), flagText(of: option) == nil else { return nil }
        let service = option.words.dropLast().joined(separator: "-")
        return "Kubernetes injects this for a service named `\(service)`: set \(option.environment) in the container's"
            + " env, or enableServiceLinks: false in the pod"
    }
}
