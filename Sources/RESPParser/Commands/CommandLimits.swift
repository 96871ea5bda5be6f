/// The limits of the request side, by default those of Redis 7.0 and later.
public struct CommandLimits: Equatable, Sendable {
    /// Bytes of an inline request without a line feed (Redis: `PROTO_INLINE_MAX_SIZE`), and of a count line.
    public var inlineLength: Int
    /// Arguments in one multibulk command.
    public var arguments: Int
    /// Bytes in one argument (Redis: `proto-max-bulk-len`).
    public var bulkLength: Int
    /// True for a session that is not logged in: the texts then say `unauthenticated`.
    public var unauthenticated: Bool

    /// Limits of one's own; those of Redis are ``redis`` and ``redisUnauthenticated``.
    public init(inlineLength: Int, arguments: Int, bulkLength: Int, unauthenticated: Bool = false) {
        self.inlineLength = inlineLength
        self.arguments = arguments
        self.bulkLength = bulkLength
        self.unauthenticated = unauthenticated
    }

    /// What Redis 7.0 allows by default.
    public static let redis = CommandLimits(inlineLength: 65_536, arguments: 2_147_483_647, bulkLength: 536_870_912)
    /// What Redis allows before 7.0.
    public static let redis6 = CommandLimits(inlineLength: 65_536, arguments: 1_048_576, bulkLength: 536_870_912)
    /// What Redis 7.0 allows a client that has not logged in where a password is needed.
    public static let redisUnauthenticated = CommandLimits(
        inlineLength: 65_536, arguments: 10, bulkLength: 16_384, unauthenticated: true)
}

extension CommandLimits {
    /// Redis' words against an announced number of arguments, or nil when it is allowed.
    ///
    /// The limit for everybody is checked first, also for those who have a tighter one.
    func objection(toArguments count: Int64?) -> StaticString? {
        guard let count, count <= (unauthenticated ? Self.redis.arguments : arguments) else {
            return "Protocol error: invalid multibulk length"
        }
        return count > arguments ? "Protocol error: unauthenticated multibulk length" : nil
    }

    /// Redis' words against an announced length of an argument, or nil when it is allowed.
    func objection(toBulkLength length: Int64?) -> StaticString? {
        // The two bytes behind the body must fit into an `Int` as well.
        let most = min(unauthenticated ? Self.redis.bulkLength : bulkLength, .max - 2)
        guard let length, length >= 0, length <= most else {
            return "Protocol error: invalid bulk length"
        }
        return length > bulkLength ? "Protocol error: unauthenticated bulk length" : nil
    }
}
