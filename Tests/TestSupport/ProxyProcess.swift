import Foundation

/// The release binary of redis-proxy, started as a user starts it, gone with this object.
public final class ProxyProcess: Sendable {
    /// The port it was told to listen on.
    public let port: Int
    /// Its process.
    public let process: ChildProcess

    /// Starts the proxy with only the environment given, and waits until its port accepts.
    ///
    /// - Parameters:
    ///   - environment: its configuration. `PROXY_HOST` is loopback and `PROXY_PORT` a free port unless given.
    ///   - arguments: command-line flags.
    ///   - descriptorLimit: its limit of open descriptors.
    ///   - errorsPath: where its standard error goes, as in ``ChildProcess``.
    public init(
        environment: [String: String], arguments: [String] = [], descriptorLimit: Int? = nil, errorsPath: String? = nil
    ) throws {
        for attempt in 1... {
            var environment = environment
            environment["PROXY_HOST"] = environment["PROXY_HOST"] ?? "127.0.0.1"
            let port = try environment["PROXY_PORT"].flatMap { Int($0) } ?? freePort()
            environment["PROXY_PORT"] = "\(port)"
            let process = try Self.start(
                environment, arguments, descriptorLimit: descriptorLimit, errorsPath: errorsPath)
            do {
                try eventually(within: .seconds(30), "redis-proxy accepts on port \(port)") {
                    guard process.isRunning else {
                        throw TestSupportError("redis-proxy ended at once: \(process.errors)")
                    }
                    return (try? RawConnection(port: port)) != nil
                }
                self.port = port
                self.process = process
                return
            } catch {
                guard process.errors.contains("in use"), attempt < 5 else { throw error }
            }
        }
        throw TestSupportError("no free port")
    }

    /// Starts the proxy in front of a server.
    public convenience init(
        fronting server: RedisServer, environment: [String: String] = [:], descriptorLimit: Int? = nil
    ) throws {
        let address = ["REDIS_HOST": server.socketPath ?? "127.0.0.1", "REDIS_PORT": "\(server.port)"]
        let relevant = server.socketPath == nil ? address : ["REDIS_HOST": server.socketPath ?? ""]
        try self.init(
            environment: relevant.merging(environment) { _, given in given }, descriptorLimit: descriptorLimit)
    }

    /// Runs the proxy to its end: for `--help`, and for configurations that it must refuse.
    public static func runToEnd(
        environment: [String: String] = [:], arguments: [String] = []
    ) throws -> CommandResult {
        let process = try self.start(environment, arguments, descriptorLimit: nil)
        let ending = try process.wait(within: .seconds(20))
        let bytes = process.output
        return CommandResult(
            ending: ending, output: String(decoding: bytes, as: UTF8.self), outputBytes: bytes, errors: process.errors)
    }

    /// hiredis' client of the proxy.
    public func client() throws -> HiredisClient { try HiredisClient(port: self.port) }

    /// A raw connection to the proxy.
    public func connection(limit: Duration = .seconds(15), receiveBuffer: Int32? = nil) throws -> RawConnection {
        try RawConnection(port: self.port, limit: limit, receiveBuffer: receiveBuffer)
    }

    /// curl, aimed at the proxy.
    public var http: HTTPClient { HTTPClient(port: self.port) }

    /// What it logged so far, on either stream.
    public var log: String { self.process.errors + String(decoding: self.process.output, as: UTF8.self) }

    /// Its resident memory in bytes.
    public var residentMemory: Int {
        let status = (try? String(contentsOfFile: "/proc/\(self.process.pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// How many descriptors it holds.
    public var descriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(self.process.pid)/fd").count) ?? 0
    }

    private static func start(
        _ environment: [String: String], _ arguments: [String], descriptorLimit: Int?, errorsPath: String? = nil
    ) throws -> ChildProcess {
        var environment = environment
        // What two event loops share is the harder case.
        environment["THREADS"] = environment["THREADS"] ?? "2"
        environment["PATH"] = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return try ChildProcess(
            self.binary(), arguments, environment: environment, descriptorLimit: descriptorLimit,
            errorsPath: errorsPath)
    }

    private static func binary() throws -> String {
        let path =
            ProcessInfo.processInfo.environment["REDIS_PROXY_BINARY"]
            ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(".build/release/redis-proxy").path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw TestSupportError("there is no release binary at \(path): run `make build` first")
        }
        return path
    }
}
