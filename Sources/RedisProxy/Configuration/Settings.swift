/// The whole configuration, checked.
struct Settings: Sendable {
    var listening: ListeningSettings
    var backing: BackingSettings
    var cache: CacheSettings
    var clients: ClientSettings
    var process: ProcessSettings
}

extension Settings {
    /// The settings that flags, environment and defaults make together.
    init(_ options: OptionReader) throws(ConfigurationError) {
        listening = try ListeningSettings(options)
        backing = try BackingSettings(options)
        cache = try CacheSettings(options)
        clients = try ClientSettings(options)
        process = try ProcessSettings(options, clients: listening.tls)
    }
}
