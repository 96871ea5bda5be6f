import TestSupport
import Testing

/// A way in which somebody who has nothing to do with the proxy changes the string `k`, which is `10` before unless it is prepared otherwise.
struct ForeignWrite: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let preparation: [[String]]
    /// What changes it, on one connection.
    let write: @Sendable (HiredisClient) throws -> Void

    init(_ commands: [String]..., after preparation: [[String]] = []) {
        self.init(commands.map { $0.joined(separator: " ") }.joined(separator: "; "), after: preparation) { client in
            for command in commands {
                let reply = try client.command(command)
                guard !reply.isError("") else { throw TestSupportError("\(command): \(reply)") }
            }
        }
    }

    init(
        _ name: String, after preparation: [[String]] = [], _ write: @escaping @Sendable (HiredisClient) throws -> Void
    ) {
        self.testDescription = name
        self.preparation = preparation
        self.write = write
    }
}

extension ForeignWrite {
    /// All of them are announced.
    static let announced = plain + moving + lifetimes + scripted + everything + [evicted, restored]

    private static let plain = [
        ForeignWrite(["SET", "k", "new"]), ForeignWrite(["APPEND", "k", "er"]), ForeignWrite(["INCR", "k"]),
        ForeignWrite(["INCRBYFLOAT", "k", "0.5"]), ForeignWrite(["SETRANGE", "k", "0", "b"]),
        ForeignWrite(["SETBIT", "k", "0", "1"]), ForeignWrite(["BITFIELD", "k", "SET", "u8", "0", "65"]),
        ForeignWrite(["MSET", "other", "1", "k", "new"]), ForeignWrite(["GETSET", "k", "new"]),
        ForeignWrite(["GETDEL", "k"]), ForeignWrite(["DEL", "k"]), ForeignWrite(["UNLINK", "k"]),
        ForeignWrite(["MULTI"], ["SET", "k", "new"], ["EXEC"]),
        ForeignWrite(["DEL", "k"], ["RPUSH", "k", "of another type"]),
        ForeignWrite(["BITOP", "NOT", "k", "other"], after: [["SET", "other", "x"]]),
        // It caches the count in the string that it reads.
        ForeignWrite(["PFCOUNT", "k"], after: [["DEL", "k"], ["PFADD", "k", "a", "b"]]),
        ForeignWrite(
            ["PFMERGE", "k", "other"], after: [["DEL", "k"], ["PFADD", "k", "a"], ["PFADD", "other", "b"]]),
    ]

    private static let moving = [
        ForeignWrite(["RENAME", "k", "other"]),
        ForeignWrite(["RENAME", "other", "k"], after: [["SET", "other", "new"]]),
        ForeignWrite(["COPY", "other", "k", "REPLACE"], after: [["SET", "other", "new"]]),
        ForeignWrite(["MOVE", "k", "5"]),
        ForeignWrite(["SORT", "list", "STORE", "k"], after: [["RPUSH", "list", "2", "1"]]),
        ForeignWrite(["SORT", "nosuch", "STORE", "k"]),
    ]

    private static let lifetimes = [
        ForeignWrite(["PEXPIRE", "k", "-1"]), ForeignWrite(["EXPIREAT", "k", "1"]), .expiring("PEXPIRE", "k", "20"),
        .expiring("GETEX", "k", "PX", "20"), .expiring("SET", "k", "new", "PX", "20"),
    ]

    private static func expiring(_ command: String...) -> ForeignWrite {
        ForeignWrite(command.joined(separator: " ") + ", until it is gone") { client in
            try client.command(command)
            try eventually("k is gone") { try client.command("EXISTS", "k") == .integer(0) }
        }
    }

    private static let scripted =
        [
            ForeignWrite(["EVAL", "return redis.call('SET', KEYS[1], 'new')", "1", "k"]),
            ForeignWrite(["EVAL", "return redis.call('SET', 'k', 'new')", "0"]),
        ] + (hasFunctions ? [ForeignWrite(["FCALL", "write", "0"], after: [["FUNCTION", "LOAD", Self.library]])] : [])

    /// Whether the server has functions at all.
    static var hasFunctions: Bool { ServerProgram.current.isSince(redis: [7, 0]) }

    /// A library with a function that writes a key which it does not declare.
    static let library =
        "#!lua name=library\nredis.register_function('write', function() return redis.call('SET', 'k', 'new') end)"

    private static let everything = [
        ForeignWrite(["FLUSHDB"]), ForeignWrite(["FLUSHDB", "ASYNC"]), ForeignWrite(["FLUSHALL"]),
        ForeignWrite(["EVAL", "return redis.call('FLUSHDB')", "0"]),
    ]

    private static let evicted = ForeignWrite("eviction by maxmemory") { client in
        try client.command("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        try client.command("CONFIG", "SET", "maxmemory", "1")
        try eventually("k is evicted") { try client.command("EXISTS", "k") == .integer(0) }
        try client.command("CONFIG", "SET", "maxmemory", "0")
    }

    private static let restored = ForeignWrite("RESTORE k REPLACE", after: [["SET", "other", "new"]]) { client in
        guard case .bulk(let dump) = try client.command("DUMP", "other") else { throw TestSupportError("no dump") }
        let command = ["RESTORE", "k", "0"].map { Array($0.utf8) } + [dump, Array("REPLACE".utf8)]
        guard try client.command(command) == .status("OK") else { throw TestSupportError("RESTORE failed") }
    }

    /// They are not announced, and noticed within a heartbeat.
    static let unannounced = [
        ForeignWrite(["SWAPDB", "0", "7"]), ForeignWrite(["MULTI"], ["SWAPDB", "0", "7"], ["EXEC"]),
        ForeignWrite(["EVAL", "return redis.call('SWAPDB', 0, 7)", "0"]),
    ]

    /// They leave the key what it is, although its name is announced.
    static let harmless = [
        ForeignWrite(["SELECT", "1"], ["SET", "k", "elsewhere"]), ForeignWrite(["SELECT", "1"], ["FLUSHDB"]),
        ForeignWrite(["SET", "k", "10"]), ForeignWrite(["PERSIST", "k"], after: [["EXPIRE", "k", "100"]]),
        ForeignWrite(["DEBUG", "RELOAD"]),
    ]
}
