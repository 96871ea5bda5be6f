import TestSupport

/// What a client says that is cut off at some place: anything that a client may say and that does not end the server or others.
struct RandomConversation {
    let bytes: [UInt8]
    /// How many replies it reads before it leaves, if so many come.
    let replies: Int

    private static let plain = [
        "PING", "GET k", "GET nosuch", "MGET k l", "SET k v", "INCR n", "DEL k", "STRLEN k", "EXPIRE k 100",
        "LPUSH q v", "INFO server",
        "CLIENT LIST", "CLIENT ID", "CLIENT SETNAME me", "CLIENT NO-EVICT ON", "COMMAND COUNT", "NOSUCH a", "GET",
        "EVAL return{1} 0",
        "SCRIPT LOAD return{1}", "FCALL nosuch 0", "DBSIZE", "SCAN 0", "RANDOMKEY", "PUBLISH c x", "GETRANGE big 0 -1",
        "GET big",
        "CONFIG GET maxmemory", "TYPE k", "WATCH k", "UNWATCH",
    ]
    private static let stateful = [
        "MULTI", "MULTI", "EXEC", "EXEC", "DISCARD", "WATCH k", "SELECT 1", "SELECT 0", "HELLO 3", "HELLO 2",
        "HELLO 3 AUTH default secret",
        "AUTH wrong", "AUTH default secret", "AUTH secret", "SUBSCRIBE c d", "PSUBSCRIBE p*", "SSUBSCRIBE s",
        "UNSUBSCRIBE", "UNSUBSCRIBE c",
        "PUNSUBSCRIBE", "SUNSUBSCRIBE", "RESET", "MONITOR", "CLIENT REPLY OFF", "CLIENT REPLY SKIP", "CLIENT REPLY ON",
        "CLIENT TRACKING ON",
        "CLIENT TRACKING OFF", "CLIENT TRACKING ON BCAST", "CLIENT CACHING YES", "QUIT", "SYNC", "ASKING", "READONLY",
    ]
    private static let waiting = [
        "BLPOP nobody 0", "BLPOP nobody 0.2", "BRPOP q 0", "BLMOVE nobody q LEFT RIGHT 0", "XREAD BLOCK 0 STREAMS s $",
        "WAIT 9 0",
        "WAIT 9 100", "DEBUG SLEEP 0.05", "BZPOPMIN nobody 0", "CLIENT PAUSE 50 WRITE",
    ]

    init(_ generator: inout SeededGenerator) {
        var bytes: [UInt8] = []
        let count = Int.random(in: 1...12, using: &generator)
        for _ in 0..<count {
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<9: bytes += Self.command(from: Self.plain, &generator)
            case 9..<15: bytes += Self.command(from: Self.stateful, &generator)
            case 15..<17: bytes += Self.command(from: Self.waiting, &generator)
            case 17: bytes += Self.largeWrite(&generator)
            case 18: bytes += Array(repeating: encodeCommand("INCR", "n"), count: 300).flatMap { $0 }
            default: bytes += Self.garbage(&generator)
            }
        }
        // A third is not cut.
        if Int.random(in: 0..<3, using: &generator) > 0 {
            bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
        }
        self.bytes = bytes
        replies = Bool.random(using: &generator) ? 0 : Int.random(in: 0...count, using: &generator)
    }

    private static func command(from commands: [String], _ generator: inout SeededGenerator) -> [UInt8] {
        let words = (commands.randomElement(using: &generator) ?? "PING").split(separator: " ")
        return encodeCommand(words.map { Array($0.utf8) })
    }

    /// Several of them stay below what the proxy reads behind a command that blocks: beyond that it does not see the client's end.
    private static func largeWrite(_ generator: inout SeededGenerator) -> [UInt8] {
        let length = Int.random(in: 60_000...160_000, using: &generator)
        return encodeCommand([Array("SET".utf8), Array("big".utf8), Array(repeating: UInt8(ascii: "v"), count: length)])
    }

    private static func garbage(_ generator: inout SeededGenerator) -> [UInt8] {
        if Bool.random(using: &generator) { return Array("*3\r\n$3\r\nSET\r\nX\r\n".utf8) }
        return Array("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$70000\r\n".utf8)
            + Array(repeating: UInt8(ascii: "v"), count: 70_000)
            + Array("\r\nX4\r\n".utf8)
    }
}
