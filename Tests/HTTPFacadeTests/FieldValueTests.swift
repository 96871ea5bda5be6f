import NIOCore
import Testing

@testable import HTTPFacade

@Suite("White space and lists in header fields")
struct FieldValueTests {
    /// The status of a `GET` of a key that is there, and whether another request may follow.
    private func status(_ fields: String, body: String = "", inBytes: Bool = false) throws -> (status: Int, stays: Bool)
    {
        let connection = try HTTPConnection()
        connection.reader.set("a", "v")
        let bytes = Array("GET /a HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)".utf8)
        if inBytes {
            for byte in bytes { try connection.send([byte]) }
        } else {
            try connection.send(bytes)
        }
        let responses = try connection.responses().filter { $0.status != 100 }
        #expect(responses.count == 1)
        return (try #require(responses.first).status, connection.isOpen)
    }

    @Test(
        "white space around a value is no part of it",
        arguments: [
            ("Content-Length: 3 \r\n", "abc"), ("Content-Length: 3\t\r\n", "abc"),
            ("Content-Length:\t 3 \t \r\n", "abc"),
            ("Content-Length: 0 \r\n", ""), ("Content-Length: 03\r\n", "abc"),
            ("Transfer-Encoding: chunked \r\n", "0\r\n\r\n"), ("Transfer-Encoding: chunked\t\r\n", "0\r\n\r\n"),
            ("Transfer-Encoding:\tChunked \t\r\n", "3\r\nabc\r\n0\r\n\r\n"),
            ("Expect: 100-continue \r\nContent-Length: 3\r\n", "abc"),
            ("Expect:\t100-Continue\t\r\nContent-Length: 3\r\n", "abc"),
            ("Accept: text/plain \r\n", ""), ("Accept:\ttext/plain\t;\tq=0.5\t\r\n", ""),
            ("X: a\tb\t\r\n", ""),
        ])
    func whiteSpace(fields: String, body: String) throws {
        for inBytes in [false, true] {
            let (status, stays) = try status(fields, body: body, inBytes: inBytes)
            #expect(status == 200)
            #expect(stays)
        }
    }

    @Test(
        "Expect is a list, and its empty elements ask for nothing",
        arguments: [
            ("Expect: 100-continue, 100-CONTINUE\r\n", 200), ("Expect: 100-continue\r\nExpect: 100-continue\r\n", 200),
            ("Expect:\r\n", 200), ("Expect: , 100-continue ,\r\n", 200), ("Expect: 100-continue, more\r\n", 417),
            ("Expect: \"100-continue\"\r\n", 417), ("Expect: more=\"x, 100-continue\"\r\n", 417),
        ])
    func expectations(fields: String, expected: Int) throws {
        #expect(try status(fields + "Content-Length: 3\r\n", body: "abc").status == expected)
    }

    @Test(
        "a body whose coding is not known for certain is refused and ends the connection",
        arguments: [
            ("Transfer-Encoding:\r\n", 400), ("Transfer-Encoding: \t \r\n", 400),
            ("Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n", 400),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n", 400), ("Transfer-Encoding: , chunked\r\n", 400),
            ("Transfer-Encoding: gzip, chunked\r\n", 501),
            ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501),
            ("Transfer-Encoding: identity, chunked\r\n", 501), ("Transfer-Encoding: x;y=\"a,b\", Chunked\r\n", 501),
            ("Transfer-Encoding: chunked, chunked\r\n", 400),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n", 400), ("Transfer-Encoding: gzip\r\n", 400),
            ("Transfer-Encoding: chunked;x=y\r\n", 400), ("Transfer-Encoding: \"chunked\"\r\n", 400),
        ])
    func codings(fields: String, expected: Int) throws {
        for inBytes in [false, true] {
            let connection = try HTTPConnection()
            for key in ["a", "hidden"] { connection.reader.set(key, "v") }
            let request = "GET /a HTTP/1.1\r\nHost: a\r\n\(fields)\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
            for piece in inBytes ? request.utf8.map({ [$0] }) : [Array(request.utf8)] { try connection.send(piece) }
            #expect(try connection.responses().map(\.status) == [expected])
            #expect(!connection.isOpen)
            #expect(connection.reader.keys.isEmpty)
        }
    }

    @Test(
        "lines that are folded, or hold what no field may hold, are refused",
        arguments: [
            "X: a\r\n b\r\n", "Content-Length: 3\r\n 0\r\n", "Content-Length:\r\n 3\r\n",
            "Transfer-Encoding:\r\n\tchunked\r\n",
            " X: a\r\n", "X: a\rb\r\n", "X: a\r\r\n", "X: a\u{0}b\r\n", "X: a\u{7F}b\r\n", "X\u{0}: a\r\n", "X : a\r\n",
            "X\t: a\r\n", "X: a\n", "Content-Length: 3, 3\r\n", "Content-Length: 3\r\nContent-Length: 3\r\n",
            "Content-Length: 3 4\r\n", "Content-Length: 3\t4\r\n",
        ])
    func refused(fields: String) throws {
        for inBytes in [false, true] {
            let (status, stays) = try status(fields, body: "abc", inBytes: inBytes)
            #expect(status == 400)
            #expect(!stays)
        }
    }

    @Test("tabs at the end of a line become blanks, others stay, however the bytes come")
    func trailingTabs() {
        let bytes = Array("A:\t1\t\t \r\n\tB: \t2\t3\t \t\r\n\t\r\n\tbody".utf8)
        let expected = Array("A:\t1   \r\n\tB: \t2\t3   \r\n \r\n\tbody".utf8)
        for size in 1...bytes.count {
            var tabs = TrailingTabs()
            var output: [UInt8] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                let piece = ByteBuffer(bytes: bytes[start..<min(bytes.count, start + size)])
                output += (tabs.replace(in: piece) ?? piece).readableBytesView
            }
            #expect(output == expected, "in pieces of \(size)")
        }
        var tabs = TrailingTabs()
        let many = ByteBuffer(repeating: 9, count: 5000)
        #expect((tabs.replace(in: many) ?? many) == many, "no more than a few are held back")
    }
}
