import NIOCore
import RESPParser
import Testing

@testable import RESPProxy

extension CommandView {
    /// A command as a parser would have found it; `announced` more than there are words: one that is still being received.
    init(_ words: String..., announced: Int? = nil) {
        self.init(words: words, announced: announced)
    }

    /// A command given as one line.
    init(line: String) {
        self.init(words: line.split(separator: " ").map(String.init))
    }

    /// A command given word by word.
    init(words: [String], announced: Int? = nil) {
        var bytes: [UInt8] = []
        RESPEncoder.command(words.map { Array($0.utf8) }, into: &bytes)
        self.init(bytes: bytes, announced: announced)
    }

    /// A command byte for byte.
    init(bytes: [UInt8], announced: Int? = nil) {
        var parser = CommandParser()
        _ = try? parser.parse(bytes.span.bytes)
        self.init(
            buffer: ByteBuffer(bytes: bytes), arguments: parser.arguments, announced: announced,
            isFramedToTheLetter: parser.isFramedToTheLetter)
    }
}

extension CommandTable {
    /// A table in the words of Redis 7.0, as far as the tests need it.
    static func ofRedis7() throws -> CommandTable {
        let rows: [(String, Int, [String], Int, Int, Int, [String]?)] = [
            ("get", 2, ["readonly", "fast"], 1, 1, 1, ["@read", "@string", "@fast"]),
            ("set", -3, ["write", "denyoom"], 1, 1, 1, ["@write", "@string", "@slow"]),
            ("del", -2, ["write"], 1, -1, 1, ["@keyspace", "@write", "@slow"]),
            ("mset", -3, ["write", "denyoom"], 1, -1, 2, ["@write", "@string", "@slow"]),
            ("pfcount", -2, ["readonly"], 1, -1, 1, ["@read", "@hyperloglog", "@slow"]),
            ("sort", -2, ["write", "movablekeys"], 1, 1, 1, ["@write", "@slow", "@dangerous"]),
            ("flushall", -1, ["write"], 0, 0, 0, ["@keyspace", "@write", "@slow", "@dangerous"]),
            ("eval", -3, ["noscript", "movablekeys"], 0, 0, 0, ["@slow", "@scripting"]),
            ("script", -2, ["noscript"], 0, 0, 0, ["@slow", "@scripting"]),
            ("auth", -2, ["noscript", "fast"], 0, 0, 0, ["@fast", "@connection"]),
            ("acl", -2, ["admin"], 0, 0, 0, ["@admin", "@slow", "@dangerous"]),
            ("debug", -2, ["admin"], 0, 0, 0, ["@admin", "@slow", "@dangerous"]),
            ("config", -2, [], 0, 0, 0, ["@admin", "@slow", "@dangerous"]),
            ("info", -1, [], 0, 0, 0, ["@slow", "@dangerous"]),
            ("ping", -1, ["fast"], 0, 0, 0, ["@fast", "@connection"]),
            ("select", 2, ["fast"], 0, 0, 0, ["@fast", "@connection"]),
            ("asking", 1, ["fast"], 0, 0, 0, ["@keyspace", "@fast"]),
            ("renamed-select", 2, ["fast"], 0, 0, 0, ["@fast", "@connection"]),
            ("client", -2, [], 0, 0, 0, ["@slow", "@connection"]),
            ("hello", -1, ["fast"], 0, 0, 0, ["@fast", "@connection"]),
            ("reset", 1, ["fast"], 0, 0, 0, ["@fast", "@connection"]),
            ("monitor", 1, ["admin"], 0, 0, 0, ["@admin", "@slow", "@dangerous"]),
            ("subscribe", -2, ["pubsub"], 0, 0, 0, ["@pubsub", "@slow"]),
            ("multi", 1, ["fast"], 0, 0, 0, ["@fast", "@transaction"]),
            ("discard", 1, ["fast"], 0, 0, 0, ["@fast", "@transaction"]),
            ("watch", -2, ["fast"], 1, -1, 1, ["@fast", "@transaction"]),
            ("unwatch", 1, ["fast"], 0, 0, 0, ["@fast", "@transaction"]),
            ("unsubscribe", -1, ["pubsub"], 0, 0, 0, ["@pubsub", "@slow"]),
            ("wait", 3, [], 0, 0, 0, ["@slow", "@blocking", "@connection"]),
            ("exec", 1, ["skip_slowlog"], 0, 0, 0, ["@slow", "@transaction"]),
            ("blpop", -3, ["write", "blocking"], 1, -2, 1, ["@write", "@list", "@slow", "@blocking"]),
        ]
        return try CommandTable(rows: rows)
    }

    /// The beginnings of entries as servers give them: name, arity, flags, first key, last key, step, and the categories that Redis 5 has not.
    init(rows: [(String, Int, [String], Int, Int, Int, [String]?)]) throws {
        var reply = "*\(rows.count)\r\n"
        for (name, arity, flags, first, last, step, categories) in rows {
            reply +=
                "*\(categories == nil ? 6 : 7)\r\n$\(name.utf8.count)\r\n\(name)\r\n:\(arity)\r\n*\(flags.count)\r\n"
            reply += flags.map { "+\($0)\r\n" }.joined()
            reply += ":\(first)\r\n:\(last)\r\n:\(step)\r\n"
            guard let categories else { continue }
            reply += "*\(categories.count)\r\n"
            reply += categories.map { "+\($0)\r\n" }.joined()
        }
        let bytes = Array(reply.utf8)
        let table = CommandTable(reply: bytes.span.bytes)
        self = try #require(table)
    }
}
