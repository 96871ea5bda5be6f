import NIOCore
import Time

/// The conditions that are ours to name, each with its one text: first those of the connections that are kept up.
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

    /// What answers there only says where servers are.
    static func isSentinel(_ address: BackingAddress) -> BackingError {
        BackingError(
            .unavailable,
            "\(address) is a Sentinel, which has no values; REDIS_SENTINELS and REDIS_SENTINEL_MASTER, in the place of REDIS_HOST and"
                + " REDIS_PORT, say so")
    }

    /// The proxy itself has closed the lane.
    static let closedLane = BackingError(.unavailable, "the proxy is shutting down")

    /// The connection stands, but no reply came in time.
    static func silent(_ address: BackingAddress, for limit: TimeSpan) -> BackingError {
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

/// What is said of a primary that others keep. `MASTERDOWN` is what Redis says where there is none, and clients know it as what passes.
extension BackingError {
    private static let noPrimary = "MASTERDOWN redis-proxy: no primary of "

    /// There is no primary at present.
    public static func noPrimary(of name: String, because reason: String) -> BackingError {
        BackingError(code: .unavailable, message: Array("\(noPrimary)\(name): \(reason)".utf8))
    }

    /// Whether it is that, which is logged by who looks for the primary.
    var saysNoPrimary: Bool { code == .unavailable && message.starts(with: Self.noPrimary.utf8) }

    /// Of a connection to the primary that could not be made.
    var ofPrimary: BackingError {
        let own = Array("ERR ".utf8)
        guard code == .unavailable, message.starts(with: own) else { return self }
        return BackingError(code: code, message: Array("MASTERDOWN ".utf8) + message.dropFirst(own.count))
    }
}

/// What is said of a Sentinel, which is no backing.
extension BackingError {
    private static let backing = Array("the backing Redis at ".utf8)

    /// Of a connection to a Sentinel.
    var ofSentinel: BackingError {
        guard code != .server, let words = message.firstRange(of: Self.backing) else { return self }
        return BackingError(
            code: code,
            message: message[..<words.lowerBound] + Array("the Sentinel at ".utf8) + message[words.upperBound...])
    }
}

/// What is said of a connection that clients' commands are relayed on, or large values read from.
extension BackingError {
    /// The backing went away in the middle of something.
    package static let lost = BackingError(.unavailable, "the backing Redis closed the connection")

    /// A shared connection ended under a command.
    package static let outcomeUnknown = BackingError(
        .unavailable,
        "the connection to the backing Redis was lost before the reply: whether the command was done is not known")

    /// The backing said something on a shared connection that no command had asked for.
    package static let unasked = BackingError(
        .protocolViolation, "the backing Redis sent something that was not asked for")

    /// The backing has stopped in the middle of something.
    package static let silent = BackingError(.timedOut, "the backing Redis did not answer in time")

    /// The backing has not let us in, nor refused to.
    package static let silentAtLogIn = BackingError(.timedOut, "the backing Redis did not answer the log-in in time")

    /// The backing has come to ask for a password, which the client was let in without.
    package static let noneLetInBefore = BackingError(
        .unavailable,
        "the backing Redis asks for a password by now, and no connection is left that was let in before")

    /// Whether the backing says that one has to log in.
    package var asksForPassword: Bool { code == .server && message.starts(with: "NOAUTH".utf8) }

    /// In Redis' own words: such a user, or such a password, is not known.
    package static let wrongPassword = BackingError(
        code: .server, message: Array("WRONGPASS invalid username-password pair or user is disabled.".utf8))

    /// Whether the backing has refused a log-in for who it is that logs in.
    package var refusesUser: Bool { code == .server && !BackingCredentials.saysNothingOfUsers(message) }

    /// What the backing sent is none of the protocol's frames.
    package static let notRESP = BackingError(.protocolViolation, "the backing Redis sent something that is not RESP")
}

extension TimeSpan {
    /// The amount in seconds, as a person writes it: `1 s`, `0.25 s`.
    var asSeconds: String {
        let milliseconds = self.nanoseconds / 1_000_000
        return milliseconds.isMultiple(of: 1000) ? "\(milliseconds / 1000) s" : "\(Double(milliseconds) / 1000) s"
    }
}
