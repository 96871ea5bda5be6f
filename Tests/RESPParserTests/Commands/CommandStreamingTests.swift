import ParserFeeds
import RESPParser
import Testing

@Suite("Commands that are streamed on as they come")
struct CommandStreamingTests {
    /// Feeds `pieces`, streams from the first unfinished call on, and returns how many bytes the command had.
    private func streamedLength(_ pieces: [[UInt8]]) throws -> Int? {
        var parser = CommandParser()
        var passed = 0
        var isStreaming = false
        for piece in pieces {
            let result = try parser.parse(piece.span.bytes)
            if let length = result.length { return passed + length }
            if !isStreaming {
                #expect(parser.startStreaming() == piece.count)
                isStreaming = true
            }
            passed += piece.count
        }
        return nil
    }

    @Test("wherever streaming starts, the command ends where it ends")
    func anyStart() throws {
        let command = [UInt8]("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\nhello\r\nworld\r\n")
        let stream = command + "*1\r\n$4\r\nPING\r\n"
        for start in 1..<command.count {
            let byteByByte = [Array(stream[..<start])] + stream[start...].map { [$0] }
            #expect(try streamedLength(byteByByte) == command.count)
            #expect(try streamedLength([Array(stream[..<start]), Array(stream[start...])]) == command.count)
        }
    }

    @Test("the largest argument is followed by position, and the next command is found behind it")
    func largestArgument() throws {
        var parser = CommandParser()
        let start = [UInt8]("*2\r\n$3\r\nGET\r\n$536870912\r\nx")
        #expect(try parser.parse(start.span.bytes) == .incomplete)
        #expect(parser.startStreaming() == start.count)
        let piece = [UInt8](repeating: 0x78, count: 1 << 20)
        for _ in 0..<511 { #expect(try parser.parse(piece.span.bytes) == .incomplete) }
        let end = Array(piece.dropLast()) + "\r\nPING\r\n"
        #expect(try parser.parse(end.span.bytes) == .multibulk(length: (1 << 20) + 1))
        #expect(parser.arguments == [8..<11])
        let next = [UInt8]("PING\r\n")
        #expect(try parser.parse(next.span.bytes) == .inline(length: 6))
        #expect(parser.arguments == [8..<12])
    }

    @Test("arguments are recorded up to the start of streaming and not after it")
    func argumentsBefore() throws {
        var parser = CommandParser()
        #expect(try parser.parse([UInt8]("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$9\r\n").span.bytes) == .incomplete)
        #expect(parser.arguments == [8..<11, 17..<18])
        #expect(parser.startStreaming() == 24)
        #expect(parser.announcedArguments == 3)
        #expect(try parser.parse([UInt8]("123456789\r\n").span.bytes) == .multibulk(length: 11))
        #expect(parser.arguments == [8..<11, 17..<18])
    }

    @Test("errors count from the command's first byte, also behind what was streamed on")
    func errorOffset() throws {
        var parser = CommandParser()
        #expect(try parser.parse([UInt8]("*3\r\n$3\r\nSET\r\n$").span.bytes) == .incomplete)
        #expect(parser.startStreaming() == 14)
        #expect(try parser.parse([UInt8]("1\r\nk\r\nx").span.bytes) == .incomplete)
        #expect(throws: ProtocolError(message: "Protocol error: expected '$', got 'x'", offset: 20)) {
            try parser.parse([UInt8]("y\r\n").span.bytes)
        }
    }

    @Test("so do those of the count of arguments")
    func countOffset() throws {
        var parser = CommandParser()
        #expect(try parser.parse([UInt8]("*a").span.bytes) == .incomplete)
        #expect(parser.startStreaming() == 2)
        #expect(throws: ProtocolError(message: "Protocol error: invalid multibulk length", offset: 1)) {
            try parser.parse([UInt8]("bc\r\n").span.bytes)
        }
    }

    @Test("where no multibulk command is in hand there is nothing to stream")
    func nothingInHand() throws {
        var parser = CommandParser()
        #expect(parser.startStreaming() == 0)
        #expect(try parser.parse([UInt8]("PIN").span.bytes) == .incomplete)
        #expect(parser.startStreaming() == 0)
        #expect(try parser.parse([UInt8]("PING\n").span.bytes) == .inline(length: 5))
    }
}
