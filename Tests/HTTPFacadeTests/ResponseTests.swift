import BackingClient
import NIOCore
import Testing

@testable import HTTPFacade

@Suite("Responses")
struct ResponseTests {
    @Test("a hit is 200 with all its header fields")
    func hit() throws {
        let connection = try HTTPConnection()
        connection.reader.set("greeting", "hello", age: .milliseconds(2_900))
        let response = try connection.get("/greeting")
        #expect(response.status == 200)
        #expect(response.text == #"{"key":"greeting","value":"hello"}"#)
        #expect(response["X-Cache"] == "HIT")
        #expect(response["Age"] == "2")
        #expect(response["Content-Type"] == "application/json")
        #expect(response["Content-Length"] == "34")
        #expect(response["Cache-Control"] == "no-cache")
        #expect(response["Vary"] == "Accept, Authorization")
        #expect(response["X-Content-Type-Options"] == "nosniff")
        #expect(response["ETag"]?.hasPrefix("\"") == true)
        #expect(response["Date"]?.hasSuffix(" GMT") == true)
        #expect(response["Connection"] == nil)
        #expect(response["Access-Control-Allow-Origin"] == nil)
        #expect(connection.isOpen)
        #expect(connection.observer.ended.map(\.status) == [200])
        #expect(connection.observer.ended.map(\.cache) == [.hit])
    }

    @Test("a miss is answered when its fill has ended, with no age")
    func miss() throws {
        let connection = try HTTPConnection()
        try connection.send("GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try connection.received().isEmpty)
        #expect(connection.reader.keys == [[97, 0, 98]])
        connection.finishFill(.value(ByteBuffer(string: "v")))
        let response = try #require(try connection.responses().first)
        #expect(response.status == 200)
        #expect(response["X-Cache"] == "MISS")
        #expect(response["Age"] == nil)
        #expect(response.text == #"{"key":"a\u0000b","value":"v"}"#)
        #expect(connection.limiter.inUse == 0)
    }

    @Test("an absent key is 204 without a body or a length")
    func absent() throws {
        let connection = try HTTPConnection()
        try connection.send("GET /nosuch HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.finishFill(.absent)
        let response = try #require(try connection.responses().first)
        #expect(response.status == 204)
        #expect(response["X-Cache"] == "MISS")
        #expect(response["Content-Length"] == nil)
        #expect(response["Content-Type"] == nil)
        #expect(connection.isOpen)
    }

    @Test("the forms: raw bytes as they are, text with its charset where it is UTF-8")
    func forms() throws {
        let connection = try HTTPConnection()
        connection.reader.set("a", "é\n")
        connection.reader.answers["b"] = .hit(.bytes(ByteBuffer(bytes: [0, 255])), age: .zero)
        let json = try connection.get("/a")
        let raw = try connection.get("/a", "Accept: application/octet-stream")
        let text = try connection.get("/a", "Accept: text/plain")
        #expect(raw.text == "é\n" && text.text == "é\n")
        #expect(raw["Content-Type"] == "application/octet-stream")
        #expect(text["Content-Type"] == "text/plain; charset=utf-8")
        #expect(Set([json, raw, text].map { $0["ETag"] }).count == 3)
        let binary = try connection.get("/b", "Accept: text/plain")
        #expect(binary.body == [0, 255])
        #expect(binary["Content-Type"] == "text/plain")
        #expect(try connection.get("/b").text == #"{"key":"b","value":"AP8=","encoding":"base64"}"#)
    }

    @Test("If-None-Match with the tag of that form is 304, with another form's tag 200")
    func notModified() throws {
        let connection = try HTTPConnection()
        connection.reader.set("a", "v")
        let tag = try #require(try connection.get("/a")["ETag"])
        for field in [tag, "W/\(tag)", "*", "\"x\", \(tag)"] {
            let response = try connection.get("/a", "If-None-Match: \(field)")
            #expect(response.status == 304)
            #expect(response["ETag"] == tag)
            #expect(response["Vary"] == "Accept, Authorization")
            #expect(response["Content-Length"] == nil)
        }
        #expect(try connection.get("/a", "If-None-Match: \(tag)", "Accept: text/plain").status == 200)
        connection.reader.set("a", "w")
        #expect(try connection.get("/a", "If-None-Match: \(tag)").status == 200)
    }

    @Test("HEAD has the header fields of GET and no body, for values and errors alike")
    func head() throws {
        let connection = try HTTPConnection()
        connection.reader.set("a", "v")
        for (target, accept) in [("/a", "*/*"), ("/a", "text/plain"), ("/", "*/*"), ("/a", "image/png")] {
            var get = try connection.get(target, "Accept: \(accept)")
            try connection.send("HEAD \(target) HTTP/1.1\r\nHost: a\r\nAccept: \(accept)\r\n\r\n")
            let head = try #require(try connection.responses(toHead: 1).first)
            #expect(head.body.isEmpty && !get.body.isEmpty)
            get.body = []
            get.fields["date"] = head.fields["date"]
            #expect(head == get)
        }
    }

    @Test(
        "the backing's errors have statuses of their own",
        arguments: [
            (BackingError.Code.server, "WRONGTYPE Operation against a key", 409), (.server, "NOAUTH required", 401),
            (.server, "WRONGPASS invalid", 401), (.server, "NOPERM this user", 403), (.server, "LOADING Redis is", 503),
            (.server, "BUSY Redis is busy", 503), (.server, "MASTERDOWN Link", 503), (.server, "ERR \"what\"\n", 502),
            (.unavailable, "ERR away", 503), (.timedOut, "ERR timed out", 504),
            (.protocolViolation, "ERR not RESP", 502),
        ])
    func backingErrors(code: BackingError.Code, message: String, status: Int) throws {
        let connection = try HTTPConnection()
        try connection.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.finishFill(.failure(BackingError(code: code, message: Array(message.utf8))))
        let response = try #require(try connection.responses().first)
        #expect(response.status == status)
        let escaped = message.replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        #expect(response.text == "{\"error\":\"\(escaped)\"}")
        #expect(response["Content-Type"] == "application/json")
        #expect(response["Cache-Control"] == "no-cache")
        #expect((response["Retry-After"] != nil) == (status == 503))
        #expect((response["WWW-Authenticate"]?.hasPrefix("Basic realm=\"redis-proxy\"") == true) == (status == 401))
        #expect(response["X-Cache"] == nil)
        #expect(connection.isOpen)
        #expect(connection.limiter.inUse == 0)
    }

    @Test(
        "a request that names no readable key is 400 and leaves the connection usable",
        arguments: ["/", "/?a", "/%zz", "/a#b", "/%"])
    func badTargets(target: String) throws {
        let connection = try HTTPConnection()
        connection.reader.set("a", "v")
        let response = try connection.get(target)
        #expect(response.status == 400)
        #expect(response.text.hasPrefix(#"{"error":""#))
        #expect(try connection.get("/a").status == 200)
        #expect(connection.reader.keys.count == 1)
    }

    @Test("GET / shows the usage")
    func usage() throws {
        #expect(try HTTPConnection().get("/").text.contains("GET /{key}"))
    }

    @Test("a raw byte that is not UTF-8 is not taken for another key")
    func rawBytes() throws {
        let connection = try HTTPConnection()
        try connection.send(Array("GET /a".utf8) + [0xFF] + Array("b HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        #expect(try connection.responses().first?.status == 400)
        #expect(connection.reader.keys.isEmpty)
    }

    @Test(
        "other methods are 405 and name those that there are", arguments: ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
    func methods(method: String) throws {
        let connection = try HTTPConnection()
        for target in method == "OPTIONS" ? ["/a", "*"] : ["/a"] {
            try connection.send("\(method) \(target) HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            let response = try #require(try connection.responses().first)
            #expect(response.status == 405)
            #expect(response["Allow"] == "GET, HEAD")
        }
        #expect(connection.isOpen)
    }

    @Test("nothing acceptable is 406 and names what there is")
    func notAcceptable() throws {
        let connection = try HTTPConnection()
        let response = try connection.get("/a", "Accept: image/png")
        #expect(response.status == 406)
        for type in ["application/json", "application/octet-stream", "text/plain"] {
            #expect(response.text.contains(type))
        }
        #expect(connection.reader.keys.isEmpty)
    }

    @Test("a value over the limit is not given as JSON, and the error names the raw form")
    func tooLongForJSON() throws {
        let connection = try HTTPConnection { $0.jsonLimit = 4 }
        connection.reader.set("a", "1234")
        connection.reader.set("b", "12345")
        #expect(try connection.get("/a").status == 200)
        let response = try connection.get("/b")
        #expect(response.status == 406)
        #expect(response.text.contains("application/octet-stream"))
        #expect(try connection.get("/b", "Accept: application/octet-stream").text == "12345")
    }

    @Test("too long: target 414, head 431, too many fields 431")
    func tooLong() throws {
        let key = String(repeating: "k", count: 65_535)
        let connection = try HTTPConnection()
        connection.reader.set(key, "v")
        #expect(try connection.get("/" + key).status == 200)
        #expect(try connection.get("/k" + key).status == 414)
        #expect(connection.isOpen)
        let long = String(repeating: "x", count: 140_000)
        for head in ["GET /\(long)", "GET /a HTTP/1.1\r\nHost: a\r\nX: \(long)\r\n\r\n"] {
            let connection = try HTTPConnection()
            try connection.send(head)
            #expect(try connection.responses().map(\.status) == [431])
            #expect(!connection.isOpen)
        }
        let many = try HTTPConnection()
        try many.send("GET /a HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: 200) + "\r\n")
        #expect(try many.responses().map(\.status) == [431])
        #expect(!many.isOpen)
    }

    @Test("over MAX_CLIENTS is 429, names the limit, and leaves the connection usable")
    func overLimit() throws {
        let first = try HTTPConnection { $0.maxClients = 1 }
        let second = try HTTPConnection(limiter: first.limiter)
        second.reader.set("a", "v")
        try first.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(first.limiter.inUse == 1)
        let refused = try second.get("/a")
        #expect(refused.status == 429)
        #expect(refused["Retry-After"] == "1")
        #expect(refused.text.contains("MAX_CLIENTS is 1"))
        #expect(second.reader.keys.isEmpty)
        #expect(first.limiter.refused == 1)
        first.finishFill(.absent)
        #expect(first.limiter.inUse == 0)
        #expect(try second.get("/a").status == 200)
        #expect(first.limiter.inUse == 0)
    }

    @Test("the slot is freed when the client goes away, and the late fill is not answered")
    func goneClient() throws {
        let connection = try HTTPConnection()
        try connection.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(connection.limiter.inUse == 1)
        try connection.channel.close().wait()
        #expect(connection.limiter.inUse == 0)
        connection.finishFill(.value(ByteBuffer(string: "v")))
        #expect(try connection.received().isEmpty)
        #expect(connection.observer.ended.isEmpty)
    }

    @Test("a listener's refusal is a whole response")
    func refusal() throws {
        var bytes = HTTPFacade.refusal(
            status: .serviceUnavailable, message: "max number of clients reached")
        var slice = (bytes.readBytes(length: bytes.readableBytes) ?? [])[...]
        let response = try #require(Response(&slice, hasBody: true))
        #expect(response.status == 503)
        #expect(response.text == #"{"error":"max number of clients reached"}"#)
        #expect(response["Connection"] == "close")
        #expect(slice.isEmpty)
    }
}
