import Foundation

/// The server that the tests run: the program that `REDIS_SERVER_BINARY` names, or `redis-server` of the path.
public struct ServerProgram: Sendable, CustomStringConvertible {
    /// Whose server it is.
    public enum Family: String, Sendable {
        case redis = "Redis"
        case valkey = "Valkey"
    }

    /// The path, or a name that is looked up in `PATH`.
    public let path: String
    /// What every server is started with: `REDIS_SERVER_ARGUMENTS`, words between spaces.
    public let arguments: [String]
    /// Whose it is.
    public let family: Family
    /// Major, minor and patch.
    public let version: [Int]
    /// Whether it was built with TLS.
    public let speaksTLS: Bool

    /// The one that this run of the tests is about.
    public static let current: ServerProgram = {
        let environment = ProcessInfo.processInfo.environment
        let path = environment["REDIS_SERVER_BINARY"] ?? "redis-server"
        let arguments = environment["REDIS_SERVER_ARGUMENTS"] ?? ""
        return ServerProgram(path: path, arguments: arguments.split(separator: " ").map { String($0) })
    }()

    /// Asks the program for its version; one that does not tell counts as the newest of its family.
    private init(path: String, arguments: [String]) {
        let text = Self.output(of: path, "--version")
        self.path = path
        self.arguments = arguments
        self.family = text.hasPrefix("Valkey") ? .valkey : .redis
        let version = text.split(separator: " ").first { $0.hasPrefix("v=") }?.dropFirst(2) ?? "999"
        self.version = version.split(separator: ".").map { Int($0) ?? 0 }
        // Asked to speak it, one that can misses the certificate.
        self.speaksTLS = Self.output(of: path, "--port", "0", "--tls-port", "1").contains("No tls-cert-file")
    }

    private static func output(of path: String, _ arguments: String...) -> String {
        let asked = try? ChildProcess(path, arguments)
        _ = try? asked?.wait()
        return String(decoding: asked?.output ?? [], as: UTF8.self)
    }

    /// As in `Redis 7.0.15`.
    public var description: String {
        let text = "\(self.family.rawValue) \(self.version.map { "\($0)" }.joined(separator: "."))"
        return self.arguments.isEmpty ? text : "\(text) \(self.arguments.joined(separator: " "))"
    }

    /// Whether who has not logged in may send little only; the proxy always holds to that where a password is asked for.
    public var limitsAnonymousClients: Bool { self.isSince(redis: [6, 2, 6]) }

    /// Whether a command may have more arguments than 1,048,576.
    public var takesLongMultibulks: Bool { self.isSince(redis: [7, 0]) }

    /// Whether who has switched replies off is told that he has subscribed.
    public var confirmsSilentSubscriptions: Bool { self.isSince(redis: [7, 0]) }

    /// Whether a log-in that fails is not answered where the reply before it is not out yet (Redis from 7.2 on).
    public var swallowsFailedLogins: Bool { self.family == .redis && self.isSince(redis: [7, 2]) }

    /// Whether a protocol error behind other commands closes the connection without a word (Redis 8 with threads for input and output).
    public var swallowsProtocolErrors: Bool {
        self.family == .redis && self.isSince(redis: [8, 0]) && self.hasIOThreads
    }

    /// Whether it takes up what its clients have sent in any order.
    public var hasIOThreads: Bool { self.arguments.contains("--io-threads") }

    /// Whether it is Redis of this version or a later one, or Valkey of the version given or a later one.
    ///
    /// Valkey began as Redis 7.2.4, so without a version all of it counts as later.
    public func isSince(redis: [Int], valkey: [Int] = [7, 2]) -> Bool {
        let first = self.family == .redis ? redis : valkey
        return !self.version.lexicographicallyPrecedes(first)
    }
}
