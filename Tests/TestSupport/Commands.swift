import Foundation

/// What a command that has ended left behind.
public struct CommandResult: Sendable {
    /// How it ended.
    public let ending: ChildProcess.Ending
    /// Its standard output as text.
    public let output: String
    /// Its standard output.
    public let outputBytes: [UInt8]
    /// Its standard error as text.
    public let errors: String
}

/// Runs a command to its end.
public func run(
    _ program: String, _ arguments: [String] = [], environment: [String: String]? = nil, input: [UInt8] = [],
    within limit: Duration = .seconds(60)
) throws -> CommandResult {
    let child = try ChildProcess(
        program, arguments, environment: environment ?? ProcessInfo.processInfo.environment, input: input)
    let ending = try child.wait(within: limit)
    let bytes = child.output
    return CommandResult(
        ending: ending, output: String(decoding: bytes, as: UTF8.self), outputBytes: bytes, errors: child.errors)
}

/// Runs `redis-cli` against a loopback port and returns what it printed, without the last line feed.
public func redisCLI(port: Int, _ arguments: String...) throws -> String {
    try redisCLI(port: port, arguments: arguments)
}

/// The same, of arguments in an array.
public func redisCLI(port: Int, arguments: [String]) throws -> String {
    let result = try run("redis-cli", TLSRun.redisArguments(port: port) + arguments)
    guard result.ending == .exited(0) else { throw TestSupportError("redis-cli: \(result.output)\(result.errors)") }
    return result.output.hasSuffix("\n") ? String(result.output.dropLast()) : result.output
}
