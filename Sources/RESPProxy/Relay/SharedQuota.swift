import BackingClient

/// How much may be under way on a shared connection, so that the server does not end it for queries that it has not read, or replies that
/// were not taken.
struct SharedQuota: Sendable {
    private let commands: Int
    private let bytes: Int

    /// Half of what the server allows: what is not known yet is not counted.
    init(_ limits: ServerLimits) {
        commands = limits.untakenReplies.map { max(1, $0 / 2 / Self.shortReply) } ?? .max
        bytes = limits.unreadQueries.map { $0 / 2 } ?? .max
    }

    /// Bytes that a short reply takes at most: an error.
    private static let shortReply = 256

    /// Whether one more may follow.
    func allowsMore(commands: Int, bytes: Int) -> Bool { commands < self.commands && bytes < self.bytes }
}
