import NIOCore

/// The conditions that are ours to name, each with its one text.
extension BackingError {
    private init(_ code: Code, _ text: String) {
        self.init(code: code, message: Array("ERR redis-proxy: \(text)".utf8))
    }

    /// There is no connection, and none could be made.
    static func notReachable(_ address: BackingAddress, reason: String) -> BackingError {
        BackingError(.unavailable, "the backing Redis at \(address) is not reachable: \(reason)")
    }

    /// The connection ended, in the middle of a reply or between two.
    static func closedConnection(_ address: BackingAddress) -> BackingError {
        BackingError(.unavailable, "the backing Redis at \(address) closed the connection")
    }

    /// More reads wait for the connection than are let wait.
    static func tooManyWaiting(_ address: BackingAddress, limit: Int) -> BackingError {
        BackingError(
            .unavailable, "the backing Redis at \(address) is still being connected to, and \(limit) reads wait for it")
    }

    /// The proxy itself has closed the lane.
    static let closedLane = BackingError(.unavailable, "the proxy is shutting down")

    /// The connection stands, but no reply came in time.
    static func silent(_ address: BackingAddress, for limit: TimeAmount) -> BackingError {
        BackingError(.timedOut, "the backing Redis at \(address) did not answer within \(limit.asSeconds)")
    }

    /// The bytes that came are not RESP, or not a reply to what was asked.
    static func nonsense(_ address: BackingAddress, _ violation: ReplyViolation) -> BackingError {
        BackingError(
            .protocolViolation, "the backing Redis at \(address) sent a reply that makes no sense: \(violation.reason)")
    }

    /// The invalidation feed is of another server than this connection, or of another run of it.
    static func anotherServer(_ address: BackingAddress) -> BackingError {
        BackingError(.unavailable, "another backing Redis answers at \(address) than the one that announces changes")
    }

    /// What the server itself said.
    static func server(_ text: [UInt8]) -> BackingError {
        BackingError(code: .server, message: text)
    }

    /// What a read hears that comes after this error, while the backing is still away.
    var asStanding: BackingError {
        self.code == .server ? self : BackingError(code: .unavailable, message: self.message)
    }
}

extension TimeAmount {
    /// The amount in seconds, as a person writes it: `1 s`, `0.25 s`.
    var asSeconds: String {
        let milliseconds = self.nanoseconds / 1_000_000
        return milliseconds.isMultiple(of: 1000) ? "\(milliseconds / 1000) s" : "\(Double(milliseconds) / 1000) s"
    }
}
