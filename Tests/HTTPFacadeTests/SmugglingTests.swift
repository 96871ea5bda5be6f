import NIOCore
import Testing

@testable import HTTPFacade

@Suite("Requests that are not what they seem")
struct SmugglingTests {
    /// Behind each stands a request that must never be served.
    private static let hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test(
        "a request whose end is uncertain is refused, and nothing behind it is served",
        arguments: [
            "GET /a HTTP/1.1\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 38\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 38\r\nContent-Length: 38\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 38\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            "GET /a HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length : 38\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nX: y\rContent-Length: 38\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
            "GET /a HTTP/2.0\r\nHost: a\r\n\r\n",
            "GET /a HTTP/9.9\r\nHost: a\r\n\r\n",
            "GET /a\r\n\r\n",
            "FOO /a HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
            "\u{0}\u{1}\u{2}\r\n\r\n",
            "*1\r\n$4\r\nPING\r\n",
        ])
    func refused(request: String) throws {
        for split in [true, false] {
            let connection = try HTTPConnection()
            for key in ["a", "hidden"] { connection.reader.set(key, "v") }
            let bytes = Array((request + Self.hidden).utf8)
            if split {
                for byte in bytes { try connection.send([byte]) }
            } else {
                try connection.send(bytes)
            }
            let responses = try connection.responses()
            #expect(responses.count == 1)
            let response = try #require(responses.first)
            #expect((400..<600).contains(response.status))
            #expect(response.text.hasPrefix(#"{"error":""#))
            #expect(response["Connection"] == "close")
            #expect(!connection.isOpen)
            #expect(connection.reader.keys.isEmpty)
        }
    }

    @Test(
        "a request in a body stays a body",
        arguments: ["Content-Length: 38\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n26\r\n"])
    func bodies(framing: String) throws {
        let connection = try HTTPConnection()
        for key in ["a", "b", "hidden"] { connection.reader.set(key, "v") }
        let body = Self.hidden + String(repeating: "x", count: 38 - Self.hidden.utf8.count)
        let end = framing.hasPrefix("T") ? "\r\n0\r\n\r\n" : ""
        try connection.send(
            "GET /a HTTP/1.1\r\nHost: a\r\n\(framing)\(body)\(end)GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try connection.responses().map(\.status) == [200, 200])
        #expect(connection.reader.keys == [[97], [98]])
    }

    @Test("a body is read past up to its limit; a longer one is 413 and the end")
    func bodyLimit() throws {
        for (length, statuses) in [(65_536, [200, 200]), (65_537, [413])] {
            let announced = try HTTPConnection()
            let chunked = try HTTPConnection()
            let body = String(repeating: "x", count: length)
            let next = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
            announced.reader.set("a", "v")
            chunked.reader.set("a", "v")
            try announced.send("GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n\(body)\(next)")
            #expect(try announced.responses().map(\.status) == statuses)
            let size = String(length, radix: 16)
            try chunked.send(
                "GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\n\(body)\r\n0\r\n\r\n\(next)"
            )
            #expect(try chunked.responses().map(\.status) == statuses)
            #expect(chunked.isOpen == (statuses.count == 2))
        }
    }

    @Test("a client that asks first is told to go on, or that it need not")
    func expectations() throws {
        let connection = try HTTPConnection()
        connection.reader.set("a", "v")
        try connection.send("GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        #expect(try connection.received() == Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        try connection.send("xx")
        #expect(try connection.responses().map(\.status) == [200])

        let post = try HTTPConnection()
        try post.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        #expect(try post.responses().map(\.status) == [405])
        #expect(!post.isOpen)

        let large = try HTTPConnection()
        try large.send("GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n")
        #expect(try large.responses().map(\.status) == [413])

        let other = try HTTPConnection()
        try other.send("GET /a HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n")
        #expect(try other.responses().map(\.status) == [417])
    }

    @Test("the go-ahead for a body waits for the responses before it")
    func continueInOrder() throws {
        let connection = try HTTPConnection()
        connection.reader.set("b", "v")
        try connection.send(
            "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
        )
        #expect(try connection.received().isEmpty)
        connection.finishFill(.absent)
        #expect(try connection.responses().map(\.status) == [204, 100])
        try connection.send("x")
        #expect(try connection.responses().map(\.status) == [200])
    }

    @Test("an error behind good requests waits for their responses")
    func errorInOrder() throws {
        let connection = try HTTPConnection()
        connection.reader.set("b", "v")
        try connection.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n\u{1}\r\n\r\n")
        #expect(connection.isOpen)
        connection.finishFill(.absent)
        #expect(try connection.responses().map(\.status) == [204, 200, 400])
        #expect(!connection.isOpen)
    }
}
