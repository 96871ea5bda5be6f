import Configuration
import Synchronization

@testable import RedisProxy

extension Settings {
    /// The settings that these flags and variables make; what the tests' own process has in its environment plays no part.
    init(flags: [String] = [], environment: [String: String] = [:]) throws {
        guard case .run(let arguments) = try Invocation(arguments: flags) else {
            throw ConfigurationError("not an invocation that runs the proxy")
        }
        try self.init(
            OptionReader(
                flags: arguments, environment: EnvironmentVariablesProvider(environmentVariables: environment)))
    }
}

/// The line by which these flags and variables are refused; nil if they are not.
func refusal(flags: [String] = [], environment: [String: String] = [:]) -> String? {
    do {
        _ = try Settings(flags: flags, environment: environment)
        return nil
    } catch {
        return "\(error)"
    }
}

/// What one call of the program printed and answered.
struct CommandResult: Sendable, Equatable {
    var code: Int32 = 0
    var output = ""
    var errorOutput = ""

    /// Calls the program in this process; `serve` stands for the running proxy.
    static func of(
        flags: [String] = [], environment: [String: String] = [:],
        serve: @escaping @Sendable (Settings) async throws -> Int32 = { _ in 0 }
    ) async -> CommandResult {
        let result = Mutex(CommandResult())
        let command = RedisProxyCommand(
            arguments: flags, environment: EnvironmentVariablesProvider(environmentVariables: environment),
            output: { text in result.withLock { $0.output += text } },
            errorOutput: { text in result.withLock { $0.errorOutput += text } },
            serve: serve)
        let code = await command.run()
        result.withLock { $0.code = code }
        return result.withLock { $0 }
    }
}
