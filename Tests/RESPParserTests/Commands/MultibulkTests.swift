import ParserFeeds
import RESPParser
import Testing

@Suite("Multibulk commands, as Redis 7.0.15 takes them")
struct MultibulkTests {
    @Test("arguments are found where they stand, whatever bytes they hold")
    func arguments() throws {
        var parser = CommandParser()
        let bytes = [UInt8]("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\r\n\0x\r\n*1\r\n")
        #expect(try parser.parse(bytes.span.bytes) == .multibulk(length: 30))
        #expect(parser.arguments == [8..<11, 17..<18, 24..<28])
        #expect(parser.arguments.map { Array(bytes[$0]) } == [[UInt8]("SET"), [UInt8]("k"), [UInt8]("\r\n\0x")])
        #expect(parser.announcedArguments == 3)
    }

    @Test("pipelined commands come one by one, an unfinished one waits")
    func pipeline() {
        let found = parseCommands("*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$0\r\n\r\n*1\r\n$4\r\nPI")
        #expect(found == [.multibulk([[UInt8]("PING")]), .multibulk([[UInt8]("ECHO"), []]), .rest(10)])
    }

    @Test("no arguments are ignored", arguments: ["*0", "*-1", "*-10", "*-9223372036854775808"])
    func nothing(line: String) {
        #expect(parseCommands("\(line)\r\n*1\r\n$4\r\nPING\r\n") == [.nothing, .multibulk([[UInt8]("PING")])])
    }

    @Test(
        "a number of arguments that is none, or over the limit, is refused",
        arguments: [
            "*abc", "*", "*+3", "*03", "*00", "*-0", "*-", "* 1", "*1 ", "*1a", "*\n1", "*--1", "*-03",
            "*11111111111111111111", "*111111111111111111111", "*18446744073709551617", "*2147483648",
            "*9223372036854775808", "*-9223372036854775809",
        ])
    func invalidCount(line: String) {
        #expect(parseCommands(line) == [.rest(line.utf8.count)])
        #expect(parseCommands("\(line)\r") == [.rest(line.utf8.count + 1)])
        let error = ProtocolError(message: "Protocol error: invalid multibulk length", offset: 1)
        #expect(parseCommands("\(line)\r\n") == [.error(error)])
    }

    @Test(
        "an argument's length that is none, or over the limit, is refused",
        arguments: [
            "$-1", "$abc", "$", "$04", "$-0", "$+1", "$ 1", "$1 ", "$536870913", "$99999999999999999999",
            "$999999999999999999999999",
        ])
    func invalidLength(line: String) {
        #expect(parseCommands("*1\r\n\(line)") == [.rest(4 + line.utf8.count)])
        let error = ProtocolError(message: "Protocol error: invalid bulk length", offset: 5)
        #expect(parseCommands("*1\r\n\(line)\r\n") == [.error(error)])
    }

    @Test("the largest announcements are accepted and wait; nothing is allocated ahead")
    func largestAnnouncements() throws {
        var parser = CommandParser()
        let bytes = [UInt8]("*2147483647\r\n$536870912\r\nx")
        #expect(try parser.parse(bytes.span.bytes) == .incomplete)
        #expect(parser.announcedArguments == 2_147_483_647)
        #expect(parser.arguments.capacity == 0)
        #expect(parser.inlineAsMultibulk.capacity == 0)
    }

    @Test("1048577 arguments are no more than Redis 7 allows")
    func manyArguments() {
        #expect(parseCommands("*1048577\r\n") == [.rest(10)])
    }

    @Test("an argument must begin with $; the error waits for the line's end and stays one line")
    func expectedBulk() {
        #expect(parseCommands("*1\r\nfoo") == [.rest(7)])
        #expect(parseCommands("*1\r\nfoo\r") == [.rest(8)])
        for (found, shown) in [("f", "f"), ("'", "'"), ("\n", " "), ("\r", " "), ("*", "*"), ("\u{7f}", "\u{7f}")] {
            let error = ProtocolError(message: "Protocol error: expected '$', got '\(shown)'", offset: 4)
            #expect(parseCommands("*1\r\n\(found)\r\n") == [.error(error)])
        }
        let later = ProtocolError(message: "Protocol error: expected '$', got '+'", offset: 11)
        #expect(parseCommands("*2\r\n$1\r\na\r\n+OK\r\n") == [.error(later)])
    }

    @Test("a found byte that is not ASCII is kept beside the text")
    func expectedBulkNotASCII() {
        let found = parseCommands([[UInt8]("*1\r\n") + [0xFF] + "\r\n"])
        let error = ProtocolError(
            message: "Protocol error: expected '$', got '\u{FFFD}'", offset: 4, quotedByte: 0xFF)
        #expect(found == [.error(error)])
    }

    @Test("the CR of a count line ends it, and the byte behind it is not looked at")
    func carriageReturnEndsLine() {
        #expect(parseCommands("*1\rX$4\rYPINGzz") == [.multibulk([[UInt8]("PING")])])
        #expect(parseCommands("*1\r\r$4\r\rPING\r\n") == [.multibulk([[UInt8]("PING")])])
    }

    @Test("the two bytes behind an argument are skipped unseen")
    func bytesBehindBody() {
        #expect(parseCommands("*2\r\n$4\r\nECHO$1$1\r\na*3") == [.multibulk([[UInt8]("ECHO"), [UInt8]("a")])])
    }

    @Test(
        "a command is framed to the letter where CR and LF stand behind each count and each argument, however it is cut",
        arguments: [
            ("*2\r\n$4\r\nECHO\r\n$12\r\nabcdefghijkl\r\n", true), ("*2\rX$4\r\nECHO\r\n$1\r\na\r\n", false),
            ("*2\r\n$4\rXECHO\r\n$1\r\na\r\n", false), ("*2\r\n$4\r\nECHOXX$1\r\na\r\n", false),
            ("*2\r\n$4\r\nECHO\r\n$1\r\naX\n", false), ("*2\r\n$4\r\nECHO\r\n$1\r\na\rX", false),
            ("*2\r\n$4\r\nECHO\r\n$12\r\rabcdefghijkl\r\n", false), ("*2\r\n$4\r\nECHO\r\n$0\r\n\n\r", false),
            ("PING\n", true),
        ])
    func framedToTheLetter(text: String, isFramed: Bool) throws {
        let bytes = Array(text.utf8)
        var parser = CommandParser()
        for cut in 1...bytes.count {
            // What was found before says nothing of what is found next.
            for other in ["*1\r\n$4\r\nPINGzz", "*1\r\n$4\r\nPING\r\n"] {
                let other = Array(other.utf8)
                _ = try parser.parse(other.span.bytes)
                if cut < bytes.count { #expect(try parser.parse(Array(bytes[..<cut]).span.bytes) == .incomplete) }
                #expect(try parser.parse(bytes.span.bytes).length == bytes.count)
                #expect(parser.isFramedToTheLetter == isFramed)
            }
        }
    }

    @Test("a NUL hides the end of a count line until the line is too big")
    func nullInCountLine() {
        #expect(parseCommands("*1\0\r\n$4\r\nPING\r\n") == [.rest(15)])
        #expect(parseCommands("*1\r\n\0\r\n") == [.rest(7)])
        let bytes = [UInt8]("*1\0\r\n") + [UInt8](repeating: 0x20, count: 65_536)
        let error = ProtocolError(message: "Protocol error: too big mbulk count string", offset: 65_536)
        #expect(parseCommands([bytes]) == [.error(error)])
    }

    @Test("a count line may be 65,536 bytes long before its CR and no more", arguments: ["", "*1\r\n"])
    func tooBigCountLine(before: String) {
        let kind = before.isEmpty ? "m" : ""
        let line = [UInt8](before) + (before.isEmpty ? "*" : "$") + [UInt8](repeating: 0x31, count: 65_535)
        #expect(parseCommands([line]) == [.rest(before.utf8.count + 65_536)])
        let invalid = before.isEmpty ? "invalid multibulk length" : "invalid bulk length"
        let atLimit = ProtocolError(message: "Protocol error: \(invalid)", offset: before.utf8.count + 1)
        #expect(parseCommands([line + "\r\n"]) == [.error(atLimit)])
        let tooBig = ProtocolError(
            message: "Protocol error: too big \(kind)bulk count string", offset: before.utf8.count + 65_536)
        #expect(parseCommands([line + "1"]) == [.error(tooBig)])
        #expect(parseCommands([line + "1\r\n"]) == [.error(tooBig)])
    }

    @Test("who is not logged in gets 10 arguments of 16,384 bytes")
    func unauthenticated() {
        let limits = CommandLimits.redisUnauthenticated
        #expect(parseCommands("*10\r\n$16384\r\n", limits: limits) == [.rest(13)])
        let many = ProtocolError(message: "Protocol error: unauthenticated multibulk length", offset: 1)
        #expect(parseCommands("*11\r\n", limits: limits) == [.error(many)])
        let long = ProtocolError(message: "Protocol error: unauthenticated bulk length", offset: 5)
        #expect(parseCommands("*1\r\n$16385\r\n", limits: limits) == [.error(long)])
    }

    @Test("Redis before 7.0 takes fewer arguments")
    func redis6() {
        let error = ProtocolError(message: "Protocol error: invalid multibulk length", offset: 1)
        #expect(parseCommands("*1048576\r\n", limits: .redis6) == [.rest(10)])
        #expect(parseCommands("*1048577\r\n", limits: .redis6) == [.error(error)])
        #expect(parseCommands("*1048577\r\n", limits: .redis) == [.rest(10)])
    }

    @Test("the limit for everybody comes before that for the unauthenticated")
    func unauthenticatedOverBothLimits() {
        let limits = CommandLimits.redisUnauthenticated
        let many = ProtocolError(message: "Protocol error: invalid multibulk length", offset: 1)
        #expect(parseCommands("*2147483648\r\n", limits: limits) == [.error(many)])
        let long = ProtocolError(message: "Protocol error: invalid bulk length", offset: 5)
        #expect(parseCommands("*1\r\n$536870913\r\n", limits: limits) == [.error(long)])
    }

    @Test("a configured length without end overflows nothing")
    func unlimitedBulkLength() {
        let limits = CommandLimits(inlineLength: .max, arguments: .max, bulkLength: .max)
        #expect(parseCommands("*1\r\n$9223372036854775805\r\nx", limits: limits) == [.rest(27)])
        let long = ProtocolError(message: "Protocol error: invalid bulk length", offset: 5)
        #expect(parseCommands("*1\r\n$9223372036854775807\r\nx", limits: limits) == [.error(long)])
    }

    @Test("the memory of a command with very many arguments is given back, that of others is used again")
    func argumentMemory() throws {
        var parser = CommandParser()
        let small = [UInt8]("*2\r\n$4\r\nECHO\r\n$1\r\na\r\n")
        _ = try parser.parse(small.span.bytes)
        let reused = parser.arguments.capacity
        _ = try parser.parse(small.span.bytes)
        #expect(parser.arguments.capacity == reused)
        let many = [UInt8]("*5000\r\n" + String(repeating: "$0\r\n\r\n", count: 5000))
        #expect(try parser.parse(many.span.bytes) == .multibulk(length: many.count))
        #expect(parser.arguments.count == 5000)
        _ = try parser.parse(small.span.bytes)
        #expect(parser.arguments.capacity < 1024)
    }
}
