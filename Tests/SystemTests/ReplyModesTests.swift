import TestSupport
import Testing

@Suite("CLIENT REPLY beside what else changes whether there is a reply", .blocking)
struct ReplyModesTests {
    private let redis: ProxiedRedis

    init() throws { redis = try ProxiedRedis() }

    /// What comes for these bytes, from a client that then ends its side.
    private func said(_ connection: RawConnection, _ bytes: [UInt8]) throws -> String {
        try connection.send(bytes)
        connection.finishSending()
        return String(decoding: try connection.receiveToEnd().bytes, as: UTF8.self)
    }

    private static func commands(_ lines: String...) -> [UInt8] {
        lines.flatMap { line in encodeCommand(line.split(separator: " ").map { Array($0.utf8) }) }
    }

    static let conversations: [(name: String, bytes: [UInt8])] = [
        ("a subscription that is queued with replies off", Self.commands("CLIENT REPLY OFF", "MULTI", "SUBSCRIBE c")),
        (
            "the same, discarded",
            Self.commands("CLIENT REPLY OFF", "MULTI", "SUBSCRIBE c", "DISCARD", "CLIENT REPLY ON", "GET k")
        ),
        (
            "a transaction with replies off",
            Self.commands("CLIENT REPLY OFF", "MULTI", "SET k v", "EXEC", "CLIENT REPLY ON")
        ),
        (
            "an empty line takes what SKIP leaves out",
            Self.commands("CLIENT REPLY SKIP") + [0x0D, 0x0A] + Self.commands("PING")
        ),
        (
            "so does an empty array",
            Self.commands("CLIENT REPLY SKIP") + Array("*0\r\n".utf8) + Self.commands("PING", "PING")
        ),
        (
            "SKIP leaves out what is said of a line that breaks the protocol, and the end comes",
            Self.commands("PING", "CLIENT REPLY SKIP") + Array("\"unbalanced\r\n".utf8) + Self.commands("PING")
        ),
        (
            "SKIP leaves out the reply to a line that only the server can split, and no other",
            Self.commands("CLIENT REPLY SKIP") + Array("\"\\x50ING\" 'a'\r\n".utf8) + Self.commands("PING")
        ),
        ("SKIP leaves out one", Self.commands("CLIENT REPLY SKIP", "PING", "PING")),
        (
            "a subscriber is refused, and what breaks the protocol behind that is told last",
            Self.commands("SUBSCRIBE c", "CLIENT REPLY OFF", "GET a") + Array("*1\r\nX\r\n".utf8)
        ),
        (
            "a subscriber who is refused goes on",
            Self.commands("SUBSCRIBE c", "CLIENT REPLY OFF", "GET a", "UNSUBSCRIBE", "SET a 2", "GET a")
        ),
    ]

    /// Redis 8.2 goes on as if an empty command had not been sent. With threads for input and output it tells of no error behind others.
    private static func isKnown(_ name: String) -> Bool {
        let server = ServerProgram.current
        return !(server.family == .redis && server.isSince(redis: [8, 2]) && name.contains("empty"))
            && !(server.swallowsProtocolErrors && name.contains("breaks the protocol"))
    }

    @Test("it is as it is straight, byte for byte", arguments: Self.conversations.map(\.name).filter(Self.isKnown))
    func likeStraight(name: String) throws {
        let bytes = try #require(Self.conversations.first { $0.name == name }).bytes
        let straight = try said(redis.straight(), bytes)
        #expect(try said(redis.connection(), bytes) == straight)
    }

    @Test("where the confirmations would come without the array around them, the client is closed")
    func confirmations() throws {
        let bytes = Self.commands("CLIENT REPLY OFF", "MULTI", "SUBSCRIBE c", "EXEC")
        let connection = try redis.connection()
        try connection.send(bytes)
        #expect(try connection.receiveToEnd().bytes == [])
    }
}
