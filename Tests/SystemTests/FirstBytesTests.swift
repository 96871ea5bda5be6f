import TestSupport
import Testing

@Suite("one port, two protocols", .blocking)
struct FirstBytesTests {
    @Test(
        "HTTP is a first line of exactly method, target and version",
        arguments: [
            "GET /k HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /k HTTP/1.0\r\n\r\n",
            "HEAD /k HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET http://localhost/k HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "POST /k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
            "SET /k HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ])
    func isHTTP(request: String) throws {
        let redis = try ProxiedRedis()
        let connection = try redis.connection()
        try connection.send(request)
        #expect(try connection.receive(count: 7) == Array("HTTP/1.".utf8))
        let dripping = try redis.connection()
        for byte in request.utf8 { try dripping.send([byte]) }
        #expect(try dripping.receive(count: 7) == Array("HTTP/1.".utf8), "byte by byte")
    }

    @Test(
        "all else is RESP",
        arguments: [
            "SET k HTTP/1.1\r\n", "get /k HTTP/1.1\r\n", "GET /k HTTP/1.2\r\n", "GET /k HTTP/2.0\r\n", "GET k\r\n",
            "GET /k\r\n",
            "GET /k x HTTP/1.1\r\n", "GET  /k\r\n", "\r\nPING\r\n", "PING\r\nGET /k HTTP/1.1\r\n", "GE\r\n",
            "\"GET\" /k\r\n",
            "GET k HTTP/1.1\r\n", "*1\r\n$4\r\nPING\r\n", "EXISTS k HTTP/1.1\r\n", "GET /k HTTP/1.1x\r\n",
        ])
    func isRESP(request: String) throws {
        let redis = try ProxiedRedis()
        let model = try RedisServer()
        let bytes = Array(request.utf8)
        let expected = try answers(to: bytes, on: RawConnection(port: model.port))
        #expect(try answers(to: bytes, on: redis.connection()) == expected)
        let dripping = try redis.connection()
        for byte in bytes { try? dripping.send([byte]) }
        dripping.finishSending()
        #expect(printable(try dripping.receiveToEnd().bytes) == expected, "byte by byte")
    }

    @Test("a client that begins with * or $ is answered without a line feed being waited for")
    func decidedAtOnce() throws {
        let redis = try ProxiedRedis()
        let connection = try redis.connection()
        try connection.send("$")
        try connection.send("4\r\n")
        let model = try RawConnection(port: redis.server.port)
        try model.send("$4\r\n")
        #expect(try connection.receiveReply() == model.receiveReply())
    }

    @Test("a connection never changes protocol")
    func noChange() throws {
        let redis = try ProxiedRedis()
        let http = try redis.connection()
        #expect(try http.httpGet("/k").status == 204)
        try http.send("*1\r\n$8\r\nFLUSHALL\r\n")
        let rest = String(decoding: try http.receiveToEnd().bytes, as: UTF8.self)
        #expect(rest.isEmpty || rest.hasPrefix("HTTP/1.1 400"))
        #expect(try redis.server.calls(of: "flushall") == 0)
    }

    @Test("POST and Host: are dropped at once without a reply", arguments: ["POST x\r\n", "Host: x\r\n", "host:\r\n"])
    func dropped(line: String) throws {
        let redis = try ProxiedRedis()
        let connection = try redis.connection()
        try connection.send(line + "SET k v\r\n")
        #expect(try connection.receiveToEnd().bytes.isEmpty)
        #expect(try redis.server.command("DBSIZE") == .integer(0))
    }
}
