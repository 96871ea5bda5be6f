import ParserFeeds
import RESPParser
import Testing

@Suite("Inline commands, as Redis 7.0.15 takes them")
struct InlineCommandTests {
    /// The arguments of a line, as texts.
    private func arguments(_ line: String) -> [String]? {
        guard case .inline(let arguments) = parseCommands(line).first else { return nil }
        return arguments.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("a line ends at LF, with or without a CR before it")
    func lineEnd() {
        let ping = ParsedCommand.inline([[UInt8]("PING")])
        #expect(parseCommands("PING\r\nPING\nPING\r") == [ping, ping, .rest(5)])
        #expect(arguments("PING\r\r\n") == ["PING"])
        #expect(arguments("ECHO a\rb\n") == ["ECHO", "a", "b"])
    }

    @Test("the command is encoded anew as multibulk, and its arguments are found in that")
    func encodedAnew() throws {
        var parser = CommandParser()
        let bytes = [UInt8]("  SET  k \"a b\"\r\nPING\r\n")
        #expect(try parser.parse(bytes.span.bytes) == .inline(length: 16))
        #expect(parser.inlineAsMultibulk == [UInt8]("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\na b\r\n"))
        #expect(parser.arguments == [8..<11, 17..<18, 24..<27])
        #expect(parser.announcedArguments == nil)
    }

    @Test("lines without a word are ignored", arguments: ["\n", "\r\n", "  \r\n", "\u{0B}\u{0C}\t\n"])
    func nothing(line: String) {
        #expect(parseCommands(line + "PING\n") == [.nothing, .inline([[UInt8]("PING")])])
    }

    @Test("what looks like HTTP is an ordinary command")
    func http() {
        #expect(arguments("SET k HTTP/1.1\r\n") == ["SET", "k", "HTTP/1.1"])
    }

    @Test(
        "double quotes undo escapes",
        arguments: [
            (#"ECHO "a\x41\n\q""#, "aA\nq"), (#"ECHO "\r\t\b\a\\\"""#, "\r\t\u{8}\u{7}\\\""), (#"ECHO """#, ""),
            (#"ECHO "\x4""#, "x4"), (#"ECHO "\xzz""#, "xzz"), (#"ECHO "\x4a\x4A""#, "JJ"), (#"ECHO a"b c""#, "ab c"),
            (#"ECHO "it's""#, "it's"), ("ECHO \"a\"\u{0B}", "a"), ("ECHO a\u{0B}b", "a\u{0B}b"),
        ])
    func doubleQuotes(line: String, argument: String) {
        #expect(arguments(line + "\r\n") == ["ECHO", argument])
    }

    @Test(
        "single quotes undo only the quote itself",
        arguments: [
            (#"ECHO 'a\'b\n'"#, #"a'b\n"#), (#"ECHO '\x41"'"#, #"\x41""#), ("ECHO ''", ""), ("ECHO a'b c'", "ab c"),
        ])
    func singleQuotes(line: String, argument: String) {
        #expect(arguments(line + "\n") == ["ECHO", argument])
    }

    @Test(
        "unbalanced quotes are refused",
        arguments: [#"ECHO "a"#, #"ECHO 'a"#, #"ECHO "a"b"#, "ECHO 'a'b", #"ECHO "a\""#, #"ECHO a"b"c"#, #"ECHO 'a\'"#])
    func unbalanced(line: String) {
        let error = ProtocolError(
            message: "Protocol error: unbalanced quotes in request", offset: line.utf8.count)
        #expect(parseCommands(line + "\r\n") == [.error(error)])
    }

    @Test("bytes that are not text pass through")
    func binary() {
        let found = parseCommands([[UInt8]("ECHO \"\\xff\\x00\" ") + [0xFE, 0x80] + "\n"])
        #expect(found == [.inline([[UInt8]("ECHO"), [0xFF, 0x00], [0xFE, 0x80]])])
    }

    @Test("65,536 bytes without a line feed wait, one more is too big")
    func tooBig() {
        let line = [UInt8](repeating: 0x61, count: 65_536)
        #expect(parseCommands([line]) == [.rest(65_536)])
        #expect(parseCommands([line + "\n"]) == [.inline([line])])
        let error = ProtocolError(message: "Protocol error: too big inline request", offset: 65_536)
        #expect(parseCommands([line + "a"]) == [.error(error)])
        #expect(parseCommands([line + "a\n"]) == [.error(error)])
    }

    @Test("a NUL before the line feed hides it until the request is too big")
    func null() {
        #expect(parseCommands("PI\0NG\r\nPING\r\n") == [.rest(13)])
        #expect(parseCommands("\0\n\n") == [.rest(3)])
        let bytes = [UInt8]("\0") + [UInt8](repeating: 0x0A, count: 65_536)
        let error = ProtocolError(message: "Protocol error: too big inline request", offset: 65_536)
        #expect(parseCommands([bytes]) == [.error(error)])
    }
}
