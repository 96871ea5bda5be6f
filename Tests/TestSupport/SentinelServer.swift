import Foundation
import Synchronization

/// A real `redis-sentinel` on a free loopback port, gone with this object.
public final class SentinelServer: Sendable {
    /// The loopback port.
    public let port: Int
    /// The loopback port on which it speaks TLS; 0 where it does not.
    public let tlsPort: Int
    private let password: String?
    private let folder: TemporaryFolder
    private let process: Mutex<ChildProcess>

    /// Starts it and waits until it answers; it keeps nothing yet unless `lines` say so.
    ///
    /// - Parameters:
    ///   - lines: more of its configuration.
    ///   - password: that these lines give it.
    ///   - tls: speak TLS with this certificate on a second port.
    public init(_ lines: [String] = [], password: String? = nil, tls: TestCertificates.Identity? = nil) throws {
        self.password = password
        var lines = lines
        let tlsPort = tls == nil ? 0 : try freePort()
        if tls != nil { lines.append("tls-port \(tlsPort)") }
        self.tlsPort = tlsPort
        let folder = try TemporaryFolder()
        self.folder = folder
        let started = try onFreePort { [lines] port in
            let path = try folder.write(
                "sentinel.conf",
                (["port \(port)", "bind 127.0.0.1", "dir \(folder.path("."))"] + lines).joined(separator: "\n") + "\n")
            let process = try ChildProcess("redis-sentinel", [path])
            try eventually(within: .seconds(30), "the Sentinel answers") {
                guard process.isRunning else {
                    throw TestSupportError("the Sentinel ended: \(String(decoding: process.output, as: UTF8.self))")
                }
                return (try? HiredisClient(port: port)) != nil
            }
            return (port: port, process: process)
        }
        port = started.port
        process = Mutex(started.process)
    }

    /// Runs one command on it. It may write its configuration first, and wait for a busy disk.
    @discardableResult
    public func command(_ words: String..., within limit: Duration = .seconds(20)) throws -> Reply {
        let client = try HiredisClient(port: port, limit: limit)
        if let password { try client.command("AUTH", password) }
        return try client.command(words)
    }

    /// A field of `SENTINEL MASTER`.
    public func field(_ name: String, of primary: String) throws -> String? {
        let fields = try command("SENTINEL", "MASTER", primary).elements.map(\.string)
        return fields.firstIndex(of: name).flatMap { $0 + 1 < fields.count ? fields[$0 + 1] : nil }
    }

    /// Ends it, as a crash would.
    public func kill() throws {
        try process.withLock { process in
            process.signal(SIGKILL)
            _ = try process.wait()
        }
    }

    /// Freezes it: connections stay, nothing answers.
    public func freeze() throws { try process.withLock { try $0.freeze() } }

    /// Lets it run on.
    public func thaw() { process.withLock { $0.signal(SIGCONT) } }
}
