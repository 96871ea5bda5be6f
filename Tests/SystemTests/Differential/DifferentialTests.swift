import TestSupport
import Testing

@Suite("the proxy answers as the server itself does, byte for byte", .blocking)
struct DifferentialTests {
    @Test("every command and subcommand is played", arguments: [2, 3], ["0", "1000"])
    func everyCommand(version: Int, capacity: String) throws {
        var generator = SeededGenerator("differential, RESP\(version), CACHE_CAPACITY=\(capacity)")
        var comparisons = 0
        for delivery in Delivery.allCases {
            let redis = try ProxiedRedis(["CACHE_CAPACITY": capacity])
            let model = try RedisServer()
            let table = try ServerCommandTable(of: model)
            for script in CommandScript.valid + [.wrongArity(table), .wrongType(table)] {
                let lines = version == 3 ? [ScriptLine("HELLO 3")] + script.lines : script.lines
                let expected = try delivery.play(lines, on: RawConnection(port: model.port), &generator)
                let actual = try delivery.play(lines, on: redis.connection(), &generator)
                for (index, (expected, actual)) in zip(expected, actual).enumerated() {
                    let line = index < lines.count ? lines[index] : ScriptLine("end")
                    comparisons += 1
                    if let comparison = ReplyException.comparison(for: line) {
                        #expect(
                            shape(of: actual, comparison) == shape(of: expected, comparison),
                            "\(script.name), \(delivery), line \(index): \(line.shown)")
                    } else if actual != expected {
                        Issue.record(
                            """
                            \(script.name), \(delivery), line \(index): \(line.shown)
                            straight \(printable(expected))
                            through  \(printable(actual))
                            """)
                    }
                }
                #expect(actual.count == expected.count, "\(script.name), \(delivery)")
                #expect(expected.count == lines.count + 1, "\(script.name) is played to its end")
            }
        }
        print("differential, RESP\(version), CACHE_CAPACITY=\(capacity): \(comparisons) replies compared")
    }

    @Test("the scripts leave out no command of the server's own table")
    func coverage() throws {
        let table = try ServerCommandTable(of: RedisServer())
        let played = Set(CommandScript.valid.flatMap(\.lines).compactMap { table.entry(for: $0)?.name })
        let containers = Set(table.subcommands.values.map { $0.words[0] })
        // Redis 6 lists what a browser would say as commands; `ProtocolErrors` has them.
        let missing = table.all.map(\.name).filter {
            !played.contains($0) && !containers.contains($0) && !["HOST:", "POST"].contains($0)
        }
        #expect(missing == [], "played by no script")
        print(
            """
            differential: \(table.commands.count) commands and \(table.subcommands.count) subcommands, \
            \(missing.count) of them not covered; \(ReplyException.all.count) exceptions
            """)
    }

    @Test("26 commands are compared by shape, each for its reason")
    func exceptions() {
        #expect(ReplyException.all.count == 26)
        #expect(ReplyException.all.allSatisfy { !$0.reason.isEmpty })
    }
}
