import Foundation
import Synchronization

/// A real `redis-sentinel` on a free loopback port, gone with this object.
public final class SentinelServer: Sendable {
    /// The loopback port.
    public let port: Int
    private let password: String?
    private let folder: TemporaryFolder
    private let process: Mutex<ChildProcess>

    /// Starts it and waits until it answers; it keeps nothing yet unless `lines` say so.
    ///
    /// - Parameters:
    ///   - lines: more of its configuration.
    ///   - password: that these lines give it.
    public init(_ lines: [String] = [], password: String? = nil) throws {
        self.password = password
        folder = try TemporaryFolder()
        for attempt in 1... {
            let port = try freePort()
            let path = try folder.write(
                "sentinel.conf",
                (["port \(port)", "bind 127.0.0.1", "dir \(folder.path("."))"] + lines).joined(separator: "\n") + "\n")
            let process = try ChildProcess("redis-sentinel", [path])
            do {
                try eventually(within: .seconds(30), "the Sentinel answers") {
                    guard process.isRunning else {
                        throw TestSupportError("the Sentinel ended: \(String(decoding: process.output, as: UTF8.self))")
                    }
                    return (try? HiredisClient(port: port)) != nil
                }
                self.port = port
                self.process = Mutex(process)
                return
            } catch {
                guard attempt < 5 else { throw error }
            }
        }
        throw TestSupportError("no free port")
    }

    /// Runs one command on it.
    @discardableResult
    public func command(_ words: String...) throws -> Reply {
        let client = try HiredisClient(port: port, limit: .seconds(2))
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
