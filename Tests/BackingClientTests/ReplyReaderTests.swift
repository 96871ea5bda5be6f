import NIOCore
import TestSupport
import Testing

@testable import BackingClient

@Suite("The replies of our own connections, out of any split of their bytes")
struct ReplyReaderTests {
    private enum Split: CaseIterable { case whole, bytewise, random }

    private static func read(
        _ text: String, maxValueSize: Int = 100, split: Split, generator: inout SeededGenerator
    ) throws -> [BackingReply] {
        var reader = ReplyReader(maxValueSize: maxValueSize)
        var found: [BackingReply] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count =
                switch split {
                case .whole: rest.count
                case .bytewise: 1
                case .random: Int.random(in: 1...min(rest.count, 200), using: &generator)
                }
            reader.append(ByteBuffer(bytes: rest.prefix(count)))
            rest = rest.dropFirst(count)
            while let incoming = try reader.next() { found.append(incoming) }
        }
        return found
    }

    private static func expect(
        _ text: String, maxValueSize: Int = 100, _ expected: [BackingReply],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var generator = SeededGenerator()
        for split in [Split.whole, .bytewise] + Array(repeating: .random, count: 20) {
            let found = try self.read(text, maxValueSize: maxValueSize, split: split, generator: &generator)
            #expect(found == expected, "\(split)", sourceLocation: sourceLocation)
        }
    }

    @Test("every kind of RESP2 reply comes out in order")
    func kinds() throws {
        try Self.expect(
            "+OK\r\n+QUEUED\r\n+PONG\r\n-ERR no\r\n:-2\r\n$3\r\na\r\n\r\n$0\r\n\r\n$-1\r\n*2\r\n$1\r\nv\r\n:17\r\n",
            [
                .ok, .queued, .otherStatus, .error(Array("ERR no".utf8)), .integer(-2), .bulk(.text("a\r\n")),
                .bulk(.text("")), .null, .array([.bulk(.text("v")), .integer(17)]),
            ])
    }

    @Test("a value of exactly the limit is kept, one byte more is dropped, and the next replies are right")
    func limit() throws {
        let (kept, dropped) = (String(repeating: "k", count: 100), String(repeating: "d", count: 101))
        try Self.expect(
            "$100\r\n\(kept)\r\n$101\r\n\(dropped)\r\n:1\r\n*2\r\n$101\r\n\(dropped)\r\n:5\r\n+OK\r\n",
            [
                .bulk(.text(kept)), .tooLong(length: 101), .integer(1), .array([.tooLong(length: 101), .integer(5)]),
                .ok,
            ])
    }

    @Test("of two elements the one is named as too long that was, and a nil beside it stays a nil")
    func limitBesideNil() throws {
        let dropped = "$101\r\n" + String(repeating: "d", count: 101) + "\r\n"
        try Self.expect(
            "*2\r\n$-1\r\n\(dropped)*2\r\n*-1\r\n\(dropped)*2\r\n\(dropped)$-1\r\n$-1\r\n",
            [
                .array([.null, .tooLong(length: 101)]), .array([.null, .tooLong(length: 101)]),
                .array([.tooLong(length: 101), .null]), .null,
            ])
    }

    @Test("a value that is far longer than what hiredis is fed at once comes out whole")
    func longValue() throws {
        let value = String(repeating: "0123456789", count: 10_000)
        try Self.expect(
            "*2\r\n$100000\r\n\(value)\r\n:-1\r\n+OK\r\n", maxValueSize: 100_000,
            [
                .array([.bulk(.text(value)), .integer(-1)]), .ok,
            ])
    }

    @Test(
        "a short value stays in the memory of the read that brought it, a longer one and one that came in pieces do not"
    )
    func sharedMemory() throws {
        func isShared(_ length: Int, cutAt cut: Int? = nil) throws -> Bool {
            let text = "$\(length)\r\n\(String(repeating: "v", count: length))\r\n"
            let read = ByteBuffer(string: text)
            var reader = ReplyReader(maxValueSize: 10_000)
            var reply: BackingReply?
            for part in cut.map({
                [read.getSlice(at: 0, length: $0), read.getSlice(at: $0, length: text.utf8.count - $0)]
            })
                ?? [read]
            {
                reader.append(try #require(part))
                while let next = try reader.next() { reply = next }
            }
            guard case .bulk(let value)? = reply else { return false }
            #expect(String(buffer: value) == String(repeating: "v", count: length))
            return read.withUnsafeReadableBytes { whole in
                value.withUnsafeReadableBytes { bytes in
                    guard let start = whole.baseAddress, let address = bytes.baseAddress else { return false }
                    return (start..<start + whole.count).contains(address)
                }
            }
        }
        #expect(try isShared(100))
        #expect(try isShared(FillReply.sharedLength - 16))
        #expect(try !isShared(100, cutAt: 50))
        #expect(try !isShared(FillReply.sharedLength))
        #expect(try !isShared(5_000))
    }

    @Test("a frame is collected as it is where that is asked for, long values and deep nesting included")
    func rawFrame() throws {
        let frame =
            "*1\r\n" + String(repeating: "*1\r\n", count: 12) + "$200\r\n" + String(repeating: "r", count: 200) + "\r\n"
        for size in [1, 7, 1000] {
            var reader = ReplyReader(maxValueSize: 100)
            var found: [BackingReply] = []
            var rest = Array("+OK\r\n\(frame)+OK\r\n".utf8)[...]
            while !rest.isEmpty {
                reader.append(ByteBuffer(bytes: rest.prefix(size)))
                rest = rest.dropFirst(size)
                while let incoming = try reader.next() {
                    found.append(incoming)
                    reader.collectsRawFrame = found.count == 1
                }
            }
            #expect(found == [.ok, .raw(.text(frame)), .ok])
        }
    }

    @Test("a raw frame beyond its limit is read past")
    func rawFrameBeyondLimit() throws {
        var reader = ReplyReader(maxValueSize: 100, rawLimit: 10)
        reader.collectsRawFrame = true
        var found: [BackingReply] = []
        for byte in "+0123456789\r\n+1234567\r\n".utf8 {
            reader.append(ByteBuffer(bytes: [byte]))
            while let incoming = try reader.next() { found.append(incoming) }
        }
        #expect(found == [.raw(nil), .raw(.text("+1234567\r\n"))])
    }

    @Test(
        "what is not a reply that can have been asked for is a violation",
        arguments: [
            "$abc\r\n", "?\r\n", "*1000000000\r\n$1\r\n0123456789012345678901234567890123456789",
            "*3\r\n:1\r\n:2\r\n:3\r\n", "*2\r\n*1000000000\r\n:1\r\n:1234567890123456789\r\n:1234567890123456789\r\n",
            "*2\r\n*2\r\n:1\r\n:1\r\n:1\r\n", "%1\r\n:1\r\n:1\r\n", ">2\r\n:1\r\n:1\r\n", "_\r\n",
            "HTTP/1.1 400 Bad Request\r\n",
            "*2\r\n$101\r\n" + String(repeating: "d", count: 101) + "\r\n$101\r\n", "=101\r\ntxt:",
            "$3\r\nabcd\r\n", "+" + String(repeating: "x", count: 70_000), ":12x\r\n",
        ])
    func violations(text: String) throws {
        var generator = SeededGenerator()
        for split in Split.allCases {
            #expect(throws: ReplyViolation.self) { try Self.read(text, split: split, generator: &generator) }
        }
    }

    @Test("nothing comes out of a reply that is cut short")
    func unfinished() throws {
        let text = Array("*2\r\n$10\r\n0123456789\r\n:100\r\n".utf8)
        for length in 0..<text.count {
            var reader = ReplyReader(maxValueSize: 100)
            reader.append(ByteBuffer(bytes: text.prefix(length)))
            #expect(try reader.next() == nil)
        }
    }
}
