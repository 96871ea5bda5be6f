import Foundation

/// The release binary of redis-proxy, started as a user starts it, gone with this object. Where the tests run as root it gets a user of its own
/// without rights.
public final class ProxyProcess: Sendable {
    /// The port it was told to listen on.
    public let port: Int
    /// Its process.
    public let process: ChildProcess
    private let encryptedPorts: [Int]

    /// Starts the proxy with only the environment given, and waits until its port accepts.
    ///
    /// - Parameters:
    ///   - environment: its configuration. `PROXY_HOST` is loopback and `PROXY_PORT` a free port unless given.
    ///   - arguments: command-line flags.
    ///   - descriptorLimit: its limit of open descriptors.
    ///   - launcher: words that run the program, in place of those that take root's rights from it.
    ///   - errorsPath: where its standard error goes, as in ``ChildProcess``.
    ///   - overTLS: both sides speak TLS where the environment says nothing about them.
    public init(
        environment: [String: String], arguments: [String] = [], descriptorLimit: Int? = nil,
        under launcher: [String]? = nil, errorsPath: String? = nil, overTLS: Bool = TLSRun.isOn
    ) throws {
        let started = try onFreePort { free in
            var given = environment
            given["PROXY_HOST"] = given["PROXY_HOST"] ?? "127.0.0.1"
            let port = given["PROXY_PORT"].flatMap { Int($0) } ?? free
            given["PROXY_PORT"] = "\(port)"
            let complete = overTLS ? try TLSRun.environment(given) : given
            let process = try Self.start(
                complete, arguments, descriptorLimit: descriptorLimit, under: launcher, errorsPath: errorsPath)
            try eventually(within: .seconds(30), "redis-proxy accepts on port \(port)") {
                guard process.isRunning else { throw TestSupportError("redis-proxy ended at once: \(process.errors)") }
                return (try? RawConnection(port: port)) != nil
            }
            return (
                port: port, process: process, encryptedPorts: TLSRun.encryptedPorts(of: complete, given: given)
            )
        }
        self.port = started.port
        self.process = started.process
        self.encryptedPorts = started.encryptedPorts
        for port in self.encryptedPorts { TLSRun.add(encrypted: port) }
    }

    deinit { for port in self.encryptedPorts { TLSRun.remove(encrypted: port) } }

    /// Starts the proxy in front of a server.
    public convenience init(
        fronting server: RedisServer, environment: [String: String] = [:], descriptorLimit: Int? = nil,
        under launcher: [String]? = nil, overTLS: Bool = TLSRun.isOn
    ) throws {
        var relevant = ["REDIS_HOST": server.socketPath ?? "127.0.0.1"]
        if server.socketPath == nil { relevant["REDIS_PORT"] = "\(server.port)" }
        // The server is there: how long it takes to answer on a busy machine is not what is tested.
        relevant["REDIS_CONNECT_TIMEOUT"] = "5"
        try self.init(
            environment: relevant.merging(environment) { _, given in given }, descriptorLimit: descriptorLimit,
            under: launcher, overTLS: overTLS)
    }

    /// Runs the proxy to its end: for `--help`, and for configurations that it must refuse.
    public static func runToEnd(
        environment: [String: String] = [:], arguments: [String] = [], under launcher: [String]? = nil
    ) throws -> CommandResult {
        let process = try self.start(environment, arguments, descriptorLimit: nil, under: launcher)
        let ending = try process.wait(within: .seconds(20))
        let bytes = process.output
        return CommandResult(
            ending: ending, output: String(decoding: bytes, as: UTF8.self), outputBytes: bytes, errors: process.errors)
    }

    /// The folder of the program that is started, for a launcher that must let it be seen.
    public static func programFolder() throws -> String { try UnprivilegedUser.folder() }

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
    public var residentMemory: Int { self.memory("VmRSS") }

    /// The most resident memory that it has had so far, in bytes.
    public var peakMemory: Int { self.memory("VmHWM") }

    private func memory(_ field: String) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(self.process.pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("\(field):") } ?? ""
        return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// How many descriptors it holds.
    public var descriptors: Int {
        let folder = "/proc/\(self.process.pid)/fd"
        if let names = try? FileManager.default.contentsOfDirectory(atPath: folder) { return names.count }
        // Root in a container may not look there, but the proxy's own user may.
        return (try? Self.runAsItsUser("ls", folder))?.output.split(separator: "\n").count ?? 0
    }

    /// Runs a command as the user that the proxy runs as.
    public static func runAsItsUser(_ words: String...) throws -> CommandResult {
        let words = (UnprivilegedUser.isNeeded ? UnprivilegedUser.dropRights : []) + words
        return try run(words[0], Array(words.dropFirst()))
    }

    private static func start(
        _ environment: [String: String], _ arguments: [String], descriptorLimit: Int?,
        under launcher: [String]? = nil, errorsPath: String? = nil
    ) throws -> ChildProcess {
        var environment = environment
        // What two event loops share is the harder case.
        environment["THREADS"] = environment["THREADS"] ?? "2"
        environment["PATH"] = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        // What it is to open must be its own.
        for (name, path) in environment where name == "REDIS_HOST" || name.hasSuffix("_FILE") {
            if path.hasPrefix("/") { UnprivilegedUser.give(path) }
        }
        let words = try UnprivilegedUser.words(arguments, under: launcher)
        return try ChildProcess(
            words[0], Array(words.dropFirst()), environment: environment, descriptorLimit: descriptorLimit,
            errorsPath: errorsPath)
    }
}
