/// Finds the commands in what a client sends: multibulk and inline, incrementally.
///
/// The caller keeps the bytes. It passes all that it holds of the command in hand, from the command's first byte on;
/// the parser resumes where the last call stopped, so bytes are looked at once. After a command the caller drops
/// ``CommandParseResult`` `length` bytes and calls again with what is left.
public struct CommandParser: Sendable {
    /// The limits in force; a session that is not logged in has tighter ones.
    public var limits: CommandLimits

    /// Where the arguments of the command found last stand, first the command's name.
    ///
    /// For ``CommandParseResult/multibulk(length:)`` the ranges count from the command's first byte in the caller's
    /// buffer; for ``CommandParseResult/inline(length:)`` from the start of ``inlineAsMultibulk``. While the result is
    /// ``CommandParseResult/incomplete`` it holds the arguments completed so far.
    public private(set) var arguments: [Range<Int>]

    /// The inline command found last, encoded anew as multibulk, its quoting undone.
    public private(set) var inlineAsMultibulk: [UInt8]

    public init(limits: CommandLimits = .redis) {
        self.limits = limits
        self.arguments = []
        self.inlineAsMultibulk = []
    }

    /// Looks at `bytes`, which begin with the first byte of the command in hand.
    ///
    /// - Throws: ``ProtocolError``, with Redis' own text, after which the connection must be closed.
    public mutating func parse(_ bytes: RawSpan) throws(ProtocolError) -> CommandParseResult {
        fatalError("stub")
    }

    /// The arguments that the multibulk command in hand announced, or nil while that is not known (or it is inline).
    public var announcedArguments: Int? { nil }

    /// Gives up keeping the unfinished multibulk command in hand, because it is being streamed on as it comes.
    ///
    /// The caller forwards and drops the returned number of bytes (all that the parser has looked at). From then on
    /// ``parse(_:)`` is passed only the bytes that follow, records no further arguments, and keeps
    /// answering ``CommandParseResult/incomplete`` until the command ends; its `length` then counts the bytes passed
    /// to that last call.
    public mutating func startStreaming() -> Int { fatalError("stub") }
}

/// What ``CommandParser/parse(_:)`` found at the start of the bytes.
public enum CommandParseResult: Equatable, Sendable {
    /// No whole command yet: call again with more bytes behind the same ones.
    case incomplete
    /// Something that Redis ignores (`*0`, `*-1`, an empty line), `length` bytes long.
    case nothing(length: Int)
    /// A multibulk command, `length` bytes long.
    case multibulk(length: Int)
    /// An inline command, `length` bytes long with its line end.
    case inline(length: Int)
}

/// The limits of the request side, by default those of Redis 7.0.
public struct CommandLimits: Equatable, Sendable {
    /// Bytes of an inline request without a line feed (Redis: `PROTO_INLINE_MAX_SIZE`), and of a count line.
    public var inlineLength: Int
    /// Arguments in one multibulk command.
    public var arguments: Int
    /// Bytes in one argument (Redis: `proto-max-bulk-len`).
    public var bulkLength: Int
    /// True for a session that is not logged in: the texts then say `unauthenticated`.
    public var unauthenticated: Bool

    public init(inlineLength: Int, arguments: Int, bulkLength: Int, unauthenticated: Bool = false) {
        self.inlineLength = inlineLength
        self.arguments = arguments
        self.bulkLength = bulkLength
        self.unauthenticated = unauthenticated
    }

    /// What Redis 7.0 allows by default.
    public static let redis = CommandLimits(inlineLength: 65_536, arguments: 2_147_483_647, bulkLength: 536_870_912)
    /// What Redis 7.0 allows a client that has not logged in where a password is needed.
    public static let redisUnauthenticated = CommandLimits(
        inlineLength: 65_536, arguments: 10, bulkLength: 16_384, unauthenticated: true)
}
