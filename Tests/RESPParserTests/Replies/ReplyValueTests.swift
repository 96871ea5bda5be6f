import RESPParser
import Testing

@Suite("Replies as trees")
struct ReplyValueTests {
    private func decoded(_ text: String, depth: Int = 32) throws -> ReplyValue {
        try ReplyValue(decoding: Array(text.utf8).span.bytes, depth: depth)
    }

    @Test("every type")
    func types() throws {
        let values: [(String, ReplyValue)] = [
            ("+OK\r\n", .simpleString([UInt8]("OK"))), ("-ERR no\r\n", .error([UInt8]("ERR no"))),
            (":-5\r\n", .integer(-5)), (":+5\r\n", .integer(5)), (":9223372036854775807\r\n", .integer(.max)),
            (":-9223372036854775808\r\n", .integer(.min)), ("$4\r\n\r\n\0a\r\n", .blob([UInt8]("\r\n\0a"))),
            ("$0\r\n\r\n", .blob([])), ("$-1\r\n", .null), ("*-1\r\n", .null), ("_\r\n", .null),
            ("#t\r\n", .boolean(true)),
            ("#f\r\n", .boolean(false)), (",1.5\r\n", .number([UInt8]("1.5"))), ("(12\r\n", .number([UInt8]("12"))),
            ("!3\r\nERR\r\n", .error([UInt8]("ERR"))), ("=7\r\ntxt:abc\r\n", .blob([UInt8]("abc"))),
            ("*2\r\n:1\r\n*1\r\n_\r\n", .array([.integer(1), .array([.null])])), ("~1\r\n:1\r\n", .set([.integer(1)])),
            (">1\r\n:1\r\n", .push([.integer(1)])),
            ("%1\r\n+k\r\n:1\r\n", .map([(.simpleString([UInt8]("k")), .integer(1))])),
        ]
        for (text, value) in values {
            #expect(try decoded(text) == value, "\(text)")
        }
    }

    @Test("values of different types or contents are different")
    func unequal() throws {
        let values = try [
            "+a\r\n", "$1\r\na\r\n", "$1\r\nb\r\n", ":1\r\n", "_\r\n", "*1\r\n:1\r\n", "~1\r\n:1\r\n", "*0\r\n",
        ].map {
            try decoded($0)
        }
        for (index, value) in values.enumerated() {
            #expect(values.filter { $0 == value }.count == 1, "\(index)")
        }
        #expect(try decoded("%1\r\n:1\r\n:2\r\n") != decoded("%1\r\n:1\r\n:3\r\n"))
    }

    @Test("attributes are skipped, and what was streamed reads as if sent at once")
    func attributesAndStreams() throws {
        #expect(try decoded("|1\r\n+a\r\n:1\r\n*1\r\n|1\r\n+a\r\n:1\r\n:2\r\n") == .array([.integer(2)]))
        #expect(try decoded("$?\r\n;2\r\nab\r\n;1\r\nc\r\n;0\r\n") == .blob([UInt8]("abc")))
        #expect(try decoded("*?\r\n:1\r\n~?\r\n.\r\n.\r\n") == .array([.integer(1), .set([])]))
        #expect(try decoded("%?\r\n:1\r\n:2\r\n.\r\n") == .map([(.integer(1), .integer(2))]))
    }

    @Test("attributes one behind the other need no stack")
    func manyAttributes() throws {
        #expect(try decoded(String(repeating: "|0\r\n", count: 200_000) + ":1\r\n") == .integer(1))
    }

    @Test(
        "what is not exactly one whole frame is refused",
        arguments: [
            "", "+OK", "+OK\r\n+OK\r\n", "$5\r\nabc\r\n", "*2\r\n:1\r\n", "*2147483647\r\n", "$536870912\r\n", "?\r\n",
            "%?\r\n:1\r\n.\r\n", ":99999999999999999999\r\n",
        ])
    func refused(text: String) {
        #expect(throws: ProtocolError.self) { try decoded(text) }
    }

    @Test("nesting ends at the limit")
    func depth() throws {
        let nested = String(repeating: "*1\r\n", count: 4) + ":1\r\n"
        #expect(throws: ProtocolError.self) { try decoded(nested, depth: 3) }
        #expect(try decoded(nested, depth: 4).elements?.count == 1)
    }

    @Test("accessors answer for their types only")
    func accessors() throws {
        #expect(try decoded("$1\r\na\r\n").bytes == [UInt8]("a"))
        #expect(try decoded(":7\r\n").integer == 7)
        #expect(try decoded(":7\r\n").bytes == nil)
        #expect(try decoded("*1\r\n:1\r\n").elements == [.integer(1)])
        #expect(try decoded("+a\r\n").elements == nil)
        #expect(try decoded("-ERR\r\n").isError)
        #expect(try decoded("%1\r\n:1\r\n:2\r\n").pairs?.count == 1)
        #expect(try decoded("*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n").pairs?.last?.value == .integer(4))
        #expect(try decoded("*1\r\n:1\r\n").pairs == nil)
    }
}
