import TestSupport

// What needs no writing by hand, because the server's table tells it.
extension CommandScript {
    /// Every command with too few and, where it has a fixed number of them, too many arguments.
    static func wrongArity(_ table: ServerCommandTable) -> CommandScript {
        CommandScript(
            "wrong arity",
            table.all.flatMap { entry in
                let words = entry.words.map { Array($0.utf8) }
                var lines: [ScriptLine] = []
                if abs(entry.arity) > words.count { lines.append(ScriptLine(words)) }
                if entry.arity > 0 {
                    let more = entry.arity + 1 - words.count
                    lines.append(ScriptLine(words + Array(repeating: Array("1".utf8), count: more)))
                }
                return lines
            })
    }

    /// The first valid line of every command that takes arguments, with a key of two wrong types, of which one is
    /// wrong for any command; and for those without keys, with a text where the last argument stood.
    static func wrongType(_ table: ServerCommandTable) -> CommandScript {
        var seen: Set<String> = []
        // Subscriptions take any text; the answer to SCRIPT DEBUG hangs on whether replies are still to be sent.
        var leftOut: Set = ["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"]
        // Redis 6 begins to synchronise, whatever it was asked for.
        if !ServerProgram.current.isSince(redis: [7, 0]) { leftOut.insert("PSYNC") }
        var lines: [ScriptLine] = []
        for line in Self.valid.flatMap(\.lines) where line.replies == 1 && !leftOut.contains(line.word(0)) {
            guard let entry = table.entry(for: line), entry.name != "SCRIPT DEBUG", seen.insert(entry.name).inserted
            else { continue }
            if entry.firstKey > 0, entry.firstKey < line.words.count {
                let wrong = line.replacing(entry.firstKey, by: "wrong")
                lines += [ScriptLine("DEL wrong"), ScriptLine("RPUSH wrong a"), wrong]
                lines += [ScriptLine("DEL wrong"), ScriptLine("HSET wrong f v"), wrong]
            } else if line.words.count > entry.words.count {
                lines.append(line.replacing(line.words.count - 1, by: "nonsense"))
            }
        }
        return CommandScript("wrong type", lines + Self.wrongTypeOfMovableKeys)
    }

    private static let wrongTypeOfMovableKeys = """
        SET wrong v
        XREAD STREAMS wrong 0
        XREADGROUP GROUP g c STREAMS wrong >
        ZUNION 1 wrong
        ZINTER 1 wrong
        ZINTERCARD 1 wrong
        ZDIFF 1 wrong
        ZUNIONSTORE d 1 wrong
        ZINTERSTORE d 1 wrong
        ZDIFFSTORE d 1 wrong
        SINTERCARD 1 wrong
        LMPOP 1 wrong LEFT
        ZMPOP 1 wrong MIN
        BLMPOP 0.01 1 wrong LEFT
        BZMPOP 0.01 1 wrong MIN
        SORT wrong
        EVAL "return redis.call('LPUSH', KEYS[1], 'x')" 1 wrong
        EVAL nonsense nonsense
        """.split(separator: "\n").map { ScriptLine($0) }
}
