import Configuration
import Glibc

/// The program as a function of its arguments and environment, so that tests can call it.
struct RedisProxyCommand {
    /// Without the program's name.
    var arguments: [String]
    var environment: EnvironmentVariablesProvider
    var output: @Sendable (String) -> Void
    var errorOutput: @Sendable (String) -> Void
    /// Serves until stopped; returns the exit code.
    var serve: @Sendable (Settings) async throws -> Int32

    func run() async -> Int32 {
        do {
            switch try Invocation(arguments: arguments) {
            case .showHelp: output(HelpText.render())
            case .showVersion: output(ProductVersion.line + "\n")
            case .showOptionsAsMarkdown: output(OptionMarkdown.render())
            case .checkHealth(let flags):
                let settings = try Settings(OptionReader(flags: flags, environment: environment))
                let health = await HealthCheck(
                    host: settings.process.adminHost, port: settings.process.adminPort,
                    speaksTLS: settings.process.adminTLS != nil
                ).run()
                health.isHealthy ? output(health.line + "\n") : errorOutput(health.line + "\n")
                return health.isHealthy ? ExitCode.success : ExitCode.failure
            case .run(let flags):
                return try await serve(Settings(OptionReader(flags: flags, environment: environment)))
            }
            return ExitCode.success
        } catch let error as ConfigurationError {
            errorOutput("redis-proxy: \(error)\n")
            return ExitCode.usage
        } catch {
            errorOutput("redis-proxy: \(error)\n")
            return ExitCode.failure
        }
    }
}
