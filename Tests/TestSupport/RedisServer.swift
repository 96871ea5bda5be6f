import Foundation
import Synchronization

/// A real server (``ServerProgram/current``) on a free loopback port (or a Unix socket), without persistence, gone with this object.
public final class RedisServer: Sendable {
    /// The loopback port; 0 where it listens on a Unix socket.
    public let port: Int
    /// The path of the Unix socket, where it listens on one.
    public let socketPath: String?
    /// The loopback port on which it speaks TLS; 0 where it does not.
    public let tlsPort: Int
    /// The loopback port to which the proxy is led.
    public var backingPort: Int { TLSRun.isOn && self.tlsPort != 0 ? self.tlsPort : self.port }
    /// The default user's password.
    public let password: String?
    private let folder: TemporaryFolder
    private let process: Mutex<ChildProcess>

    /// Starts the server and waits until it answers.
    ///
    /// - Parameters:
    ///   - arguments: more options, as on its command line (`["--maxclients", "5"]`).
    ///   - password: `requirepass`.
    ///   - users: ACL users, as `user` lines of its configuration without that word (`"reader on >pw ~* +get"`).
    ///   - unixSocket: listen on a Unix socket in place of a port.
    ///   - tls: speak TLS with this certificate on a second port.
    ///   - authority: the authority of the certificates that clients must show there; nil: they need none.
    ///   - overTLS: without `tls`, speak TLS on a second port with the certificate of the run.
    public init(
        arguments: [String] = [], password: String? = nil, users: [String] = [], unixSocket: Bool = false,
        tls: TestCertificates.Identity? = nil, authority: String? = nil, overTLS: Bool = TLSRun.isOn
    ) throws {
        let isPartOfTLSRun = overTLS && tls == nil && !unixSocket
        let material = isPartOfTLSRun ? try TLSRun.material.get() : nil
        let tls = material?.identity ?? tls
        let folder = try TemporaryFolder()
        var lines = ["bind 127.0.0.1", "save \"\"", "appendonly no", "dir \(folder.path("."))"]
        // Before 7.0 everybody may use DEBUG.
        if ServerProgram.current.isSince(redis: [7, 0]) { lines.append("enable-debug-command yes") }
        if let password { lines.append("requirepass \(password)") }
        lines += users.map { "user \($0)" }
        if unixSocket { lines.append("unixsocket \(folder.path("socket"))") }
        if let tls {
            lines += ["tls-cert-file \(tls.certificate)", "tls-key-file \(tls.key)"]
            lines += [
                "tls-auth-clients \(authority == nil ? "no" : "yes")",
                "tls-ca-cert-file \(authority ?? material?.authority ?? tls.certificate)",
            ]
        }
        let path = try folder.write("redis.conf", lines.joined(separator: "\n") + "\n")
        self.folder = folder
        self.password = password
        self.socketPath = unixSocket ? folder.path("socket") : nil
        let started = try onFreePort { free in
            let port = unixSocket ? 0 : free
            let tlsPort = tls == nil ? 0 : try freePort()
            var words = [path, "--port", "\(port)"]
            if tls != nil { words += ["--tls-port", "\(tlsPort)"] }
            let process = try Self.start(words + arguments)
            try Self.waitUntilReady(process, port: port)
            return (port: port, tlsPort: tlsPort, process: process)
        }
        self.port = started.port
        self.tlsPort = started.tlsPort
        self.process = Mutex(started.process)
        if isPartOfTLSRun { TLSRun.add(self.port, speaksTLSOn: self.tlsPort) }
    }

    deinit { TLSRun.add(self.port, speaksTLSOn: nil) }

    /// Its process id.
    public var pid: pid_t { self.process.withLock { $0.pid } }

    /// Whether its process has not ended.
    public var isRunning: Bool { self.process.withLock { $0.isRunning } }

    /// A client of the server itself, logged in where a password is set.
    public func client() throws -> HiredisClient {
        let client = try HiredisClient(port: self.port)
        if let password { try client.command("AUTH", password) }
        return client
    }

    /// Runs one command on the server itself, on a connection of its own.
    @discardableResult
    public func command(_ arguments: String...) throws -> Reply {
        try self.client().command(arguments.map { Array($0.utf8) })
    }

    /// How often the server ran a command, by `INFO commandstats`; before 7.0 that counts all subcommands together.
    public func calls(of command: String) throws -> Int {
        let countsSubcommands = ServerProgram.current.isSince(redis: [7, 0])
        let command = countsSubcommands ? command[...] : command.prefix { $0 != "|" }
        let info = try self.command("INFO", "commandstats").string ?? ""
        let line = info.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_\(command.lowercased()):calls=") }
        return line.flatMap { Int($0.drop { $0 != "=" }.dropFirst().prefix { $0 != "," }) } ?? 0
    }

    /// A field of `INFO`.
    public func info(_ field: String) throws -> String? {
        let info = try self.command("INFO", "everything").string ?? ""
        return info.split(separator: "\r\n").first { $0.hasPrefix("\(field):") }.map {
            String($0.dropFirst(field.count + 1))
        }
    }

    /// Stops it without loss of time or grace, as a crash would.
    public func kill() throws {
        try self.process.withLock { process in
            process.signal(SIGKILL)
            _ = try process.wait()
        }
    }

    /// Freezes it: connections stay, the kernel still accepts, nothing answers from here on.
    public func freeze() throws { try self.process.withLock { try $0.freeze() } }

    /// Lets it run on.
    public func thaw() { self.process.withLock { $0.signal(SIGCONT) } }

    /// Starts it again, empty, on the same port, killing it first where it still runs.
    public func restart(arguments: [String] = []) throws {
        try self.process.withLock { process in
            process.signal(SIGKILL)
            _ = try process.wait()
            var words = [self.folder.path("redis.conf"), "--port", "\(self.port)"]
            if self.tlsPort != 0 { words += ["--tls-port", "\(self.tlsPort)"] }
            words += arguments
            process = try Self.start(words)
            try Self.waitUntilReady(process, port: self.port)
        }
    }

    private static func start(_ words: [String]) throws -> ChildProcess {
        try ChildProcess(ServerProgram.current.path, words + ServerProgram.current.arguments)
    }

    private static func waitUntilReady(_ process: ChildProcess, port: Int) throws {
        try eventually(within: .seconds(30), "the server answers") {
            let log = String(decoding: process.output, as: UTF8.self)
            guard process.isRunning else { throw TestSupportError("the server ended: \(log)") }
            return log.contains("eady to accept connections") || log.contains("ready to accept connections at")
        }
        if port != 0 {
            // Somebody else may hold the port, in which case the server has ended instead of being ready.
            _ = try RawConnection(port: port)
        }
    }
}
