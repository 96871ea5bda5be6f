import Foundation
import Synchronization
import TestSupport

/// A second network on this machine, a link away, that can be made to swallow everything. Only root can have one.
final class FarNetwork: Sendable {
    /// Whether there can be one here.
    static let isPossible: Bool = {
        guard geteuid() == 0, let done = try? TestSupport.run("unshare", ["--net", "ip", "link"]) else { return false }
        return done.ending == .exited(0)
    }()

    private static let count = Atomic<Int>(0)

    /// This side's address, and the other's.
    let near: String
    let far: String
    /// The network lives as long as this process.
    private let holder: ChildProcess

    init() throws {
        // Unlike those of other tests that run now.
        let number = Int(getpid()) * 4 + Self.count.add(1, ordering: .relaxed).oldValue
        let device = "rp\(number)"
        let network = "10.\(200 + number % 50).\(number / 50 % 250)"
        self.near = "\(network).1"
        self.far = "\(network).2"
        self.holder = try ChildProcess("unshare", ["--net", "sleep", "3600"])
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
        try eventually("the other network") { [holder] in
            guard holder.isRunning else { throw TestSupportError("unshare: \(holder.errors)") }
            return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(holder.pid)/ns/net") != own
        }
        try Self.ip("link", "add", device, "type", "veth", "peer", "name", "far", "netns", "\(self.holder.pid)")
        try Self.ip("address", "add", "\(self.near)/24", "dev", device)
        try Self.ip("link", "set", device, "up")
        try self.ipThere("address", "add", "\(self.far)/24", "dev", "far")
        try self.ipThere("link", "set", "far", "up")
        try self.ipThere("link", "set", "lo", "up")
    }

    /// Starts a program on the other side.
    func start(_ program: String, _ arguments: String...) throws -> ChildProcess {
        try self.start(program, arguments)
    }

    /// The same, of arguments in an array.
    func start(_ program: String, _ arguments: [String]) throws -> ChildProcess {
        try ChildProcess("nsenter", ["--target", "\(self.holder.pid)", "--net", program] + arguments)
    }

    /// From now on nothing comes back from the other side: no reply, no acknowledgement, no reset.
    func swallow() throws { try self.ipThere("route", "replace", "blackhole", "\(self.near)/32") }

    private func ipThere(_ words: String...) throws {
        let enter = ["--target", "\(self.holder.pid)", "--net", "ip"]
        let done = try TestSupport.run("nsenter", enter + words)
        guard done.ending == .exited(0) else { throw TestSupportError("ip \(words): \(done.errors)") }
    }

    private static func ip(_ words: String...) throws {
        let done = try TestSupport.run("ip", words)
        guard done.ending == .exited(0) else { throw TestSupportError("ip \(words): \(done.errors)") }
    }
}
