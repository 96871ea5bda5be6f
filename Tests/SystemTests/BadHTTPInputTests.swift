import Foundation
import TestSupport
import Testing

@Suite("bad input over HTTP is a 4xx or a close, and never a second command", .blocking)
struct BadHTTPInputTests {
    private static let long = String(repeating: "a", count: 300_000)
    private static let smuggled = "GET /second HTTP/1.1\r\nHost: localhost\r\n\r\n"

    static let requests: [String] = [
        "GET /k HTTP/1.1\r\nno colon\r\n\r\n", "GET /k HTTP/1.1\r\n: empty\r\n\r\n",
        "GET /k HTTP/1.1\r\nA b: c\r\n\r\n",
        "GET /k HTTP/1.1\r\nHost: localhost\r\nX: \(Self.long)\r\n\r\n",
        "GET /\(Self.long) HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /k HTTP/1.1\r\nHost: localhost\r\n" + String(repeating: "X: y\r\n", count: 50_000) + "\r\n",
        "GET /k HTTP/1.1\r\nHost: localhost\r\nContent-Length: abc\r\n\r\n",
        "GET /k HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "GET /k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "GET /k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 30\r\n\r\nabc\(Self.smuggled)",
        "POST /k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\(Self.smuggled)",
        "POST /k HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: nonsense\r\n\r\n\(Self.smuggled)",
        "POST /k HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\(Self.smuggled)",
        "GET /k\u{0}x HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /k HTTP/1.1\r\nHost: localhost\r\nX: a\u{0}b\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ]

    /// How many status lines there are; a body may name the protocol too.
    private static func responses(in answer: String) -> Int {
        answer.matches(of: #/HTTP/1\.[01] [0-9]{3} /#).count
    }

    @Test("malformed requests", arguments: Self.requests.indices)
    func malformed(index: Int) throws {
        let redis = try ProxiedRedis.byExpiry()
        let connection = try redis.connection()
        let request = Self.requests[index]
        try? connection.send(request)
        connection.finishSending()
        let answer = String(decoding: try connection.receiveToEnd().bytes, as: UTF8.self)
        let shown = "'\(printable(request.utf8.prefix(90)))' -> '\(printable(answer.utf8.prefix(200)))'"
        // A first line too long to tell what it is may be refused in either protocol.
        let isRefused =
            answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("-ERR Protocol error: too big inline request")
        #expect(answer.isEmpty || isRefused, "\(shown)")
        #expect(Self.responses(in: answer) <= 1, "one response at most: \(shown)")
        #expect(!answer.contains("second"))
        #expect(try redis.client().command("PING") == .status("PONG"))
        #expect(try redis.http.get("/k").status == 204, "others are served")
    }

    @Test(
        "a body is never a second command: what follows it is the next request",
        arguments: [
            "Content-Length: 38\r\n\r\n*1\r\n$8\r\nFLUSHALL\r\nGET /x HTTP/1.1\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n13\r\n*1\r\n$8\r\nFLUSHALL\r\n0\r\n\r\n",
        ])
    func bodies(rest: String) throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("k", "value")
        let connection = try redis.connection()
        try connection.send("GET /k HTTP/1.1\r\nHost: localhost\r\n\(rest)")
        connection.finishSending()
        let answer = String(decoding: try connection.receiveToEnd().bytes, as: UTF8.self)
        #expect(Self.responses(in: answer) <= 2)
        #expect(try redis.server.command("GET", "k") == .text("value"))
    }

    @Test(
        "header fields mean what RFC 9110 and 9112 say: white space, lists, codings, hosts, conditions",
        arguments: [
            ("Content-Length: 3 ", "abc", [200, 200]), ("Content-Length: 0\t", "", [200, 200]),
            ("Content-Length: 3\t ", "abc", [200, 200]), ("Transfer-Encoding: chunked\t", "0\r\n\r\n", [200, 200]),
            ("Expect: 100-continue ,\r\nContent-Length: 3", "abc", [100, 200, 200]), ("Expect:", "", [200, 200]),
            ("Connection: close\t, x", "", [200]), ("Connection: close\t", "", [200]),
            ("Transfer-Encoding:", "0\r\n\r\n", [400]), ("Transfer-Encoding: ,chunked", "0\r\n\r\n", [400]),
            ("Transfer-Encoding: gzip, chunked", "0\r\n\r\n", [501]),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding:", "0\r\n\r\n", [400]),
            ("If-Match: \"x\"", "", [412, 200]), ("If-Match: *", "", [200, 200]),
        ])
    func fields(fields: String, body: String, statuses: [Int]) throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("k", "value")
        let connection = try redis.connection()
        let next = "GET /k HTTP/1.1\r\nHost: localhost\r\n\r\n"
        try connection.send("GET /k HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n\r\n\(body)\(next)")
        connection.finishSending()
        let answer = String(decoding: try connection.receiveToEnd().bytes, as: UTF8.self)
        #expect(answer.matches(of: #/HTTP/1\.1 ([0-9]{3}) /#).compactMap { Int($0.1) } == statuses)
    }

    @Test(
        "a Host that is none is 400, beside an absolute target too",
        arguments: ["a b", "\"a\"", "<a>", "a/b", "u@localhost", "localhost:8x", "", "[::g]"])
    func hosts(host: String) throws {
        let redis = try ProxiedRedis.byExpiry()
        for target in ["/k", "http://localhost/k"] {
            let connection = try redis.connection()
            try connection.send("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n\(Self.smuggled)")
            connection.finishSending()
            let answer = String(decoding: try connection.receiveToEnd().bytes, as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 400 ") && Self.responses(in: answer) == 1, "\(printable(answer.utf8))")
        }
    }

    @Test("line ends in the key stay in the key")
    func lineEndsInKey() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("k", "value")
        #expect(try redis.http.get("/k%0d%0aFLUSHALL%0d%0a").status == 204)
        #expect(try redis.http.get("/*1%0d%0a$8%0d%0aFLUSHALL%0d%0a").status == 204)
        #expect(try redis.server.command("GET", "k") == .text("value"))
        let response = try redis.connection().httpGet("/a%0d%0aX-Injected:%20yes")
        #expect(response["x-injected"] == nil)
    }

    @Test("bytes beyond ASCII in the target are those bytes, or 400")
    func rawBytes() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("é", "value")
        let connection = try redis.connection()
        try connection.send("GET /é HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect([200, 400].contains(try connection.receiveHTTPResponse().status))
        let invalid = try redis.connection()
        try invalid.send(Array("GET /".utf8) + [0xff, 0xfe] + Array(" HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
        #expect([204, 400].contains(try invalid.receiveHTTPResponse().status))
    }

    @Test("a good request before a bad one is answered first")
    func goodBeforeBad() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("k", "value")
        let connection = try redis.connection()
        try connection.send(
            "GET /k HTTP/1.1\r\nHost: localhost\r\n\r\nGET /k HTTP/1.1\r\nno colon\r\n\r\n\(Self.smuggled)")
        #expect(try connection.receiveHTTPResponse().status == 200)
        let rest = String(decoding: try connection.receiveToEnd().bytes, as: UTF8.self)
        #expect(rest.isEmpty || rest.hasPrefix("HTTP/1.1 400"))
    }

    @Test("an upload is refused without being kept")
    func upload() throws {
        let redis = try ProxiedRedis.byExpiry()
        let before = redis.proxy.residentMemory
        let connection = try redis.connection()
        try connection.send("POST /k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 104857600\r\n\r\n")
        try? connection.send([UInt8](repeating: 97, count: 32 << 20))
        let response = try connection.receiveHTTPResponse()
        #expect([405, 413].contains(response.status))
        #expect(redis.proxy.residentMemory - before < 32 << 20)
    }
}
