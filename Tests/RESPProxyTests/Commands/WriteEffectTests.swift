import Testing

@testable import RESPProxy

@Suite("what a relayed command may write")
struct WriteEffectTests {
    private let table: CommandTable

    init() throws {
        table = try .ofRedis7()
    }

    private func effect(_ command: CommandView) -> WriteEffect { WriteEffect(of: command, table.entry(for: command)) }
    private func keys(_ names: String...) -> WriteEffect { .keys(names.map { Array($0.utf8) }) }

    @Test("keys are taken from where the server's table says they stand")
    func positions() {
        #expect(effect(CommandView("SET", "k", "v", "EX", "10")) == keys("k"))
        #expect(effect(CommandView("del", "a", "b", "c")) == keys("a", "b", "c"))
        #expect(effect(CommandView("MSET", "a", "1", "b", "2")) == keys("a", "b"))
        #expect(effect(CommandView("BLPOP", "a", "b", "0")) == keys("a", "b"))
    }

    @Test("a read writes nothing, except PFCOUNT, which may rewrite what it reads")
    func reads() {
        #expect(effect(CommandView("GET", "k")) == .none)
        #expect(effect(CommandView("PFCOUNT", "h")) == keys("h"))
        #expect(effect(CommandView("PING")) == .none)
        #expect(effect(CommandView("INFO")) == .none)
        #expect(effect(CommandView("CONFIG", "GET", "maxmemory")) == .none)
    }

    @Test(
        "what may write keys that it does not tell counts as a write of unknown keys",
        arguments: ["EVAL", "SORT", "NOSUCH"])
    func unknownKeys(name: String) {
        #expect(effect(CommandView(name, "x", "y")) == .unknownKeys)
    }

    @Test(
        "a script that says so in its first line writes nothing",
        arguments: [
            "#!lua flags=no-writes\nreturn 1", "#!lua flags=no-writes,allow-stale\n",
            "#!lua flags=allow-oom,no-writes\nreturn 1",
        ])
    func readOnlyScript(script: String) {
        #expect(effect(CommandView("EVAL", script, "0")) == .none)
        #expect(effect(CommandView("EVAL", script, announced: 3)) == .none)
        #expect(effect(CommandView("EVALSHA", script, "0")) == .unknownKeys)
    }

    @Test(
        "any other form of that line may be read otherwise",
        arguments: [
            "return 1 -- #!lua flags=no-writes\n", "#!lua flags=no-writes", "#!lua\n-- flags=no-writes\n",
            "#!lua flags=\n",
            "#!lua flags=no-writes2\n", "#!lua flags=allow-oom no-writes\n", "#!lua  flags=no-writes\n",
            "#!js flags=no-writes\n", "#!lua flags=\"no-writes\"\n", "#!lua flags=NO-WRITES\n",
            "#!lua flags=no-writes\r\n",
            " #!lua flags=no-writes\n", "",
        ])
    func otherScript(script: String) {
        #expect(effect(CommandView("EVAL", script, "0")) == .unknownKeys)
    }

    @Test(
        "what writes more than the server may announce counts as a write of everything",
        arguments: ["FLUSHALL", "DEBUG"])
    func everything(name: String) {
        #expect(effect(CommandView(name, "x", "y")) == .everything)
    }

    @Test("without the table every command is a write of everything, but for those of the protocol itself")
    func noTable() {
        #expect(WriteEffect(of: CommandView("SET", "k", "v"), .noTable) == .everything)
        #expect(WriteEffect(of: CommandView("GET", "k"), .noTable) == .everything)
        #expect(WriteEffect(of: CommandView("HELLO", "3"), .noTable) == .none)
    }

    @Test("a large command that is still being received tells its keys only if they have all come")
    func unfinished() {
        #expect(effect(CommandView("SET", "k", announced: 3)) == keys("k"))
        #expect(effect(CommandView("SET", announced: 3)) == .unknownKeys)
        #expect(effect(CommandView("MSET", "a", "1", announced: 5)) == .unknownKeys)
    }

    @Test("a command with too few arguments for its keys writes none")
    func tooFew() {
        #expect(effect(CommandView("SET")) == .none)
    }

    @Test("what the table tells neither to read nor to write may write any key")
    func untold() throws {
        // A module's, as `TFCALL` of RedisGears; and what a later version brings.
        let table = try CommandTable(rows: [
            ("tfcall", -3, [], 0, 0, 0, []),
            ("m.do", -2, ["movablekeys"], 0, 0, 0, ["@slow"]),
            ("m.one", 2, ["fast"], 1, 1, 1, []),
        ])
        for name in ["TFCALL", "M.DO", "M.ONE"] {
            let command = CommandView(name, "k", "0")
            #expect(WriteEffect(of: command, table.entry(for: command)) == .unknownKeys, "\(name)")
        }
    }

    @Test("on Redis 5, which has no categories, a script may write any key, and so may what administrates")
    func redis5() throws {
        let table = try CommandTable(rows: [
            ("eval", -3, ["noscript", "movablekeys"], 0, 0, 0, nil),
            ("evalsha", -3, ["noscript", "movablekeys"], 0, 0, 0, nil),
            ("debug", -2, ["admin", "noscript"], 0, 0, 0, nil),
            ("slaveof", 3, ["admin", "noscript", "stale"], 0, 0, 0, nil),
            ("exec", 1, ["noscript", "skip_monitor"], 0, 0, 0, nil),
            ("script", -2, ["noscript"], 0, 0, 0, nil),
            ("ping", -1, ["stale", "fast"], 0, 0, 0, nil),
            ("watch", -2, ["noscript", "fast"], 1, -1, 1, nil),
            ("slowlog", -2, ["admin", "random"], 0, 0, 0, nil),
            ("cluster", -2, ["admin"], 0, 0, 0, nil),
        ])
        func effect(_ words: [String]) -> WriteEffect {
            let command = CommandView(words: words)
            return WriteEffect(of: command, table.entry(for: command))
        }
        #expect(effect(["EVAL", "return redis.call('SET', 'k', 'v')", "0"]) == .unknownKeys)
        #expect(effect(["EVALSHA", "0123", "1", "k"]) == .unknownKeys)
        #expect(effect(["DEBUG", "RELOAD"]) == .unknownKeys)
        #expect(effect(["SLAVEOF", "no", "one"]) == .unknownKeys)
        for harmless in [
            ["EXEC"], ["SCRIPT", "LOAD", "x"], ["PING"], ["WATCH", "k"], ["SLOWLOG", "GET"], ["CLUSTER", "NODES"],
        ] {
            #expect(effect(harmless) == .none, "\(harmless)")
        }
        #expect(effect(["CLUSTER", "RESET"]) == .unknownKeys)
    }

    @Test(
        "what only tells of the server changes no key, whether or not the table has entries for subcommands",
        arguments: [
            "COMMANDLOG GET 10 slow", "COMMANDLOG RESET slow", "HOTKEYS GET", "CLUSTER NODES", "CLUSTER SLOTS",
            "CLUSTER COUNTKEYSINSLOT 1", "CLUSTER SLOT-STATS SLOTSRANGE 0 1", "MODULE LIST", "SCRIPT LOAD x",
            "FUNCTION LIST", "FUNCTION LOAD x", "MEMORY STATS", "LATENCY LATEST", "CLIENT LIST",
        ])
    func tellsOnly(line: String) throws {
        let command = CommandView(line: line)
        let table = try CommandTable(rows: [
            ("commandlog", -2, ["admin"], 0, 0, 0, ["@admin", "@slow", "@dangerous"]),
            ("hotkeys", -2, ["admin"], 0, 0, 0, ["@admin", "@slow", "@dangerous"]),
            ("cluster", -2, ["admin", "stale"], 0, 0, 0, ["@admin", "@slow", "@dangerous"]),
            ("module", -2, ["admin"], 0, 0, 0, ["@admin", "@slow", "@dangerous"]),
            ("script", -2, ["noscript"], 0, 0, 0, ["@slow", "@scripting"]),
            ("function", -2, ["write", "noscript"], 0, 0, 0, ["@write", "@slow", "@scripting"]),
            ("memory", -2, [], 0, 0, 0, ["@slow"]),
            ("latency", -2, ["admin"], 0, 0, 0, ["@admin", "@slow", "@dangerous"]),
            ("client", -2, ["admin"], 0, 0, 0, ["@admin", "@slow", "@dangerous", "@connection"]),
        ])
        #expect(WriteEffect(of: command, table.entry(for: command)) == .none)
    }

    @Test(
        "a name counts as harmless only where the table puts it among its like",
        arguments: [("time", ["@admin"]), ("config", ["@scripting"]), ("script", ["@admin"])])
    func renamed(name: String, categories: [String]) throws {
        let table = try CommandTable(rows: [(name, -1, [], 0, 0, 0, categories)])
        let command = CommandView(name, "x")
        #expect(!WriteEffect(of: command, table.entry(for: command)).isKnown)
    }
}
