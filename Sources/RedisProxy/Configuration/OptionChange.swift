/// When another value of an option takes effect.
enum OptionChange: Sendable {
    /// At the next start.
    case atStart
    /// While the proxy runs, by ``SettingsChange``.
    case whileRunning
}
