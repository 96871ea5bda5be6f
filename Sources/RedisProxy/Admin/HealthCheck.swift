/// What `--health` does.
struct HealthCheck {
    struct Result: Equatable, Sendable {
        let isHealthy: Bool
        let line: String
    }
    init(_ settings: Settings) {}
    func run() async -> Result { Result(isHealthy: false, line: "") }
}
