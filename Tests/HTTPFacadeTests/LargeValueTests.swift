import BackingClient
import NIOCore
import RESPProxy
import Testing

@testable import HTTPFacade

@Suite("Large values")
struct LargeValueTests {
    private func start(_ fields: String, configure: (inout HTTPConfiguration) -> Void = { _ in }) throws
        -> HTTPConnection
    {
        let connection = try HTTPConnection(configure: configure)
        try connection.send("GET /a HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        return connection
    }

    private static let raw = "Accept: application/octet-stream\r\n"

    @Test("raw bytes are passed on as they come, and the next request is served behind them")
    func streams() throws {
        let connection = try start(Self.raw)
        connection.reader.set("b", "v")
        try connection.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.finishFill(.large(length: 6))
        let stream = try #require(connection.reader.streams.first)
        #expect(stream.resumes == 1)
        #expect(try connection.received().isEmpty)
        stream.receiver.largeValueBegins(length: 6)
        stream.receiver.largeValueChunk(ByteBuffer(string: "abc"))
        #expect(String(decoding: try connection.received(), as: UTF8.self).hasSuffix("\r\n\r\nabc"))
        #expect(connection.limiter.inUse == 1)
        stream.receiver.largeValueChunk(ByteBuffer(string: "def"))
        stream.receiver.largeValueEnded(nil)
        let rest = String(decoding: try connection.received(), as: UTF8.self)
        #expect(rest.hasPrefix("defHTTP/1.1 200 OK\r\n"))
        #expect(connection.limiter.inUse == 0)
        #expect(connection.isOpen)
        #expect(!stream.isCancelled)
    }

    @Test("the header fields of a streamed value")
    func fields() throws {
        let connection = try start(Self.raw)
        connection.finishFill(.large(length: 3))
        let receiver = try #require(connection.reader.streams.first).receiver
        receiver.largeValueBegins(length: 2)
        receiver.largeValueChunk(ByteBuffer(string: "ab"))
        receiver.largeValueEnded(nil)
        let response = try #require(try connection.responses().first)
        #expect(response.status == 200)
        #expect(response.text == "ab")
        #expect(response["Content-Length"] == "2")
        #expect(response["X-Cache"] == "MISS")
        #expect(response["ETag"] == nil)
        #expect(response["Age"] == nil)
    }

    @Test("more is asked for only while the client takes it in")
    func backPressure() throws {
        let connection = try start(Self.raw)
        connection.finishFill(.large(length: 9))
        let stream = try #require(connection.reader.streams.first)
        stream.receiver.largeValueBegins(length: 9)
        let before = stream.resumes
        connection.channel.isWritable = false
        stream.receiver.largeValueChunk(ByteBuffer(string: "abc"))
        #expect(stream.resumes == before)
        connection.channel.isWritable = true
        connection.channel.pipeline.fireChannelWritabilityChanged()
        #expect(stream.resumes == before + 1)
        stream.receiver.largeValueChunk(ByteBuffer(string: "def"))
        #expect(stream.resumes == before + 2)
    }

    @Test("a value that breaks off, falls short or runs over closes the connection", arguments: 0..<3)
    func breaksOff(how: Int) throws {
        let connection = try start(Self.raw)
        connection.finishFill(.large(length: 6))
        let stream = try #require(connection.reader.streams.first)
        stream.receiver.largeValueBegins(length: 6)
        stream.receiver.largeValueChunk(ByteBuffer(string: "abc"))
        switch how {
        case 0: stream.receiver.largeValueEnded(.failure(BackingError(code: .unavailable, message: Array("ERR".utf8))))
        case 1: stream.receiver.largeValueEnded(nil)
        default: stream.receiver.largeValueChunk(ByteBuffer(string: "defg"))
        }
        #expect(!connection.isOpen)
        #expect(String(decoding: try connection.received(), as: UTF8.self).hasSuffix("\r\n\r\nabc"))
        #expect(connection.limiter.inUse == 0)
    }

    @Test("a value that cannot be begun is an ordinary error, one that has gone is 204")
    func neverBegins() throws {
        for (outcome, status) in [
            (.failure(BackingError(code: .timedOut, message: Array("ERR timed out".utf8))), 504), (.absent, 204),
            (nil, 502),
        ] as [(FillOutcome?, Int)] {
            for fields in [Self.raw, ""] {
                let connection = try start(fields)
                connection.finishFill(.large(length: 6))
                try #require(connection.reader.streams.first).receiver.largeValueEnded(outcome)
                // What is gathered for JSON and ends whole without a byte is an empty value.
                #expect(try connection.responses().map(\.status) == [fields.isEmpty && status == 502 ? 200 : status])
                #expect(connection.isOpen)
            }
        }
    }

    @Test("a client that goes away ends the stream")
    func clientGone() throws {
        for fields in [Self.raw, ""] {
            let connection = try start(fields)
            connection.finishFill(.large(length: 6))
            let stream = try #require(connection.reader.streams.first)
            stream.receiver.largeValueBegins(length: 6)
            try connection.channel.close().wait()
            #expect(stream.isCancelled)
            #expect(connection.limiter.inUse == 0)
        }
    }

    @Test("JSON of a large value is made when it is whole, and refused above the limit")
    func json() throws {
        let small = try start("") { $0.jsonLimit = 8 }
        small.finishFill(.large(length: 6))
        let stream = try #require(small.reader.streams.first)
        stream.receiver.largeValueBegins(length: 6)
        stream.receiver.largeValueChunk(ByteBuffer(string: "abc"))
        stream.receiver.largeValueChunk(ByteBuffer(string: "def"))
        #expect(try small.received().isEmpty)
        #expect(stream.resumes == 4)
        stream.receiver.largeValueEnded(nil)
        #expect(try small.responses().map(\.text) == [#"{"key":"a","value":"abcdef"}"#])

        let large = try start("") { $0.jsonLimit = 8 }
        large.finishFill(.large(length: 9))
        #expect(try large.responses().map(\.status) == [406])
        #expect(large.reader.streams.isEmpty)

        let grown = try start("") { $0.jsonLimit = 8 }
        grown.finishFill(.large(length: 8))
        let growing = try #require(grown.reader.streams.first)
        growing.receiver.largeValueBegins(length: 9)
        #expect(growing.isCancelled)
        #expect(try grown.responses().map(\.status) == [406])
    }

    @Test("HEAD of a large value needs no stream, and a cached note of its length is no hit")
    func head() throws {
        let connection = try HTTPConnection()
        connection.reader.answers["a"] = .hit(.large(length: 9_000_000), age: .nanoseconds(5))
        try connection.send("HEAD /a HTTP/1.1\r\nHost: a\r\n\(Self.raw)\r\n")
        let response = try #require(try connection.responses(toHead: 1).first)
        #expect(response.status == 200)
        #expect(response["Content-Length"] == "9000000")
        #expect(response["X-Cache"] == "MISS")
        #expect(connection.reader.streams.isEmpty)
    }

    @Test("a value of unknown length that proves short is answered like any other, with its tag")
    func unknownShort() throws {
        for fields in [Self.raw, Self.raw + "If-Match: *\r\n", ""] {
            let connection = try start(fields) { $0.jsonLimit = 8 }
            connection.finishFill(.large(length: nil))
            let stream = try #require(connection.reader.streams.first)
            stream.receiver.largeValueBegins(length: 6)
            stream.receiver.largeValueChunk(ByteBuffer(string: "abc"))
            #expect(try connection.received().isEmpty)
            stream.receiver.largeValueChunk(ByteBuffer(string: "def"))
            stream.receiver.largeValueEnded(nil)
            let response = try #require(try connection.responses().first)
            #expect(response.status == 200)
            #expect(response.text == (fields.isEmpty ? #"{"key":"a","value":"abcdef"}"# : "abcdef"))
            #expect(response["ETag"] != nil)
        }
    }

    @Test("a value of unknown length that proves long is streamed, or refused as JSON")
    func unknownLong() throws {
        let raw = try start(Self.raw) { $0.jsonLimit = 8 }
        raw.finishFill(.large(length: nil))
        let stream = try #require(raw.reader.streams.first)
        stream.receiver.largeValueBegins(length: 9)
        stream.receiver.largeValueChunk(ByteBuffer(string: "abc"))
        #expect(String(decoding: try raw.received(), as: UTF8.self).hasSuffix("\r\n\r\nabc"))
        stream.receiver.largeValueChunk(ByteBuffer(string: "defghi"))
        stream.receiver.largeValueEnded(nil)
        #expect(String(decoding: try raw.received(), as: UTF8.self) == "defghi")
        #expect(raw.isOpen && raw.limiter.inUse == 0)

        let json = try start("") { $0.jsonLimit = 8 }
        json.finishFill(.large(length: nil))
        let refused = try #require(json.reader.streams.first)
        refused.receiver.largeValueBegins(length: 9)
        #expect(refused.isCancelled)
        #expect(try json.responses().map(\.status) == [406])
    }

    @Test("HEAD of a value of unknown length tells its real length")
    func headOfUnknown() throws {
        for length in [6, 9] {
            let connection = try HTTPConnection { $0.jsonLimit = 8 }
            try connection.send("HEAD /a HTTP/1.1\r\nHost: a\r\n\(Self.raw)\r\n")
            connection.finishFill(.large(length: nil))
            let stream = try #require(connection.reader.streams.first)
            stream.receiver.largeValueBegins(length: length)
            if length <= 8 {
                stream.receiver.largeValueChunk(ByteBuffer(repeating: 0x61, count: length))
                stream.receiver.largeValueEnded(nil)
            }
            let response = try #require(try connection.responses(toHead: 1).first)
            #expect(response.status == 200)
            #expect(response["Content-Length"] == "\(length)")
            #expect(stream.isCancelled == (length > 8))
        }
    }

    @Test("what is told of a value's length alone was read past the cache, too")
    func lengthIsNewerThanCache() throws {
        let connection = try start("") { $0.jsonLimit = 8 }
        connection.finishFill(.large(length: nil))
        try #require(connection.reader.streams.first).receiver.largeValueBegins(length: 9)
        #expect(try connection.responses().map(\.status) == [406])
        connection.reader.unproven = ["b"]
        connection.reader.set("b", "v")
        try connection.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try connection.responses().isEmpty)
        #expect(connection.reader.awaited.count == 1)
    }
}
