import ParserFeeds
import RESPParser
import Testing

@Suite("Inline commands, where all servers take them alike")
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
        "a text in quotation marks with white space around it is one argument",
        arguments: [
            (#"ECHO """#, ""), (#"ECHO "a b""#, "a b"), (#"ECHO "it's""#, "it's"), (#"ECHO 'say "a"'"#, #"say "a""#),
            ("ECHO ''", ""), ("ECHO a\u{0B}b", "a\u{0B}b"), (#"ECHO a\x41"#, #"a\x41"#), (#""ECHO" 'a'"#, "a"),
            ("ECHO \"a\"\t\r", "a"), ("ECHO \u{0B}\u{0C}a", "\u{0B}\u{0C}a"),
        ])
    func quoted(line: String, argument: String) {
        // Behind a space a vertical tab is white space, too.
        let expected = argument.drop { "\u{0B}\u{0C}".contains($0) }
        #expect(arguments(line + "\r\n") == ["ECHO", String(expected)])
    }

    @Test(
        "what servers split differently, or refuse, is left to them; the name is known where it is clear",
        arguments: [
            #"ECHO "a"#, #"ECHO 'a"#, #"ECHO "a"b"#, "ECHO 'a'b", #"ECHO a"b c""#, #"ECHO a"b"c"#, #"ECHO "\x41""#,
            #"ECHO 'a\'b'"#, #"ECHO "\""#, "ECHO \"a\"\u{0B}", "ECHO a b \"c\"'d'", #"ECHO "a" 'b"#,
        ])
    func unclear(line: String) {
        #expect(parseCommands(line + "\r\nPING\n") == [.line(name: [UInt8]("ECHO")), .inline([[UInt8]("PING")])])
    }

    @Test("nor is the name always clear", arguments: [#""ECHO"x a"#, "EC'HO' a", #"'ECHO"#, #"  "E\x43HO" a"#])
    func unclearName(line: String) {
        #expect(parseCommands(line + "\n") == [.line(name: nil)])
    }

    @Test("bytes that are not text pass through, but for 0xFF, which not every server takes")
    func binary() {
        let found = parseCommands([[UInt8]("ECHO ") + [0xFE, 0x80] + "\n", [UInt8]("ECHO ") + [0xFF] + "\n"])
        #expect(found == [.inline([[UInt8]("ECHO"), [0xFE, 0x80]]), .line(name: [UInt8]("ECHO"))])
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
