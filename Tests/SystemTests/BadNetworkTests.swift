import TestSupport
import Testing

@Suite("a bad network between proxy and server", .blocking)
struct BadNetworkTests {
    private func start(_ fault: FaultyRelay.Fault) throws -> (
        server: RedisServer, relay: FaultyRelay, proxy: ProxyProcess
    ) {
        let server = try RedisServer()
        let relay = try FaultyRelay(to: server, fault)
        let proxy = try ProxyProcess(environment: ["REDIS_HOST": "127.0.0.1", "REDIS_PORT": "\(relay.port)"])
        return (server, relay, proxy)
    }

    @Test("every segment one byte long, both ways: the same bytes out")
    func dripping() throws {
        let (server, relay, proxy) = try self.start(.dripping)
        try withExtendedLifetime((server, relay)) {
            let model = try RedisServer()
            let request = Array(
                ("SET k \"a\\r\\nb\"\r\nGET k\r\nGET k\r\nLPUSH l 1 2 3\r\nLRANGE l 0 -1\r\nNOSUCH x\r\nMULTI\r\nGET k\r\n"
                    + "EXEC\r\nGET nosuch\r\nEVAL \"return {1,{2,{3,'x'}}}\" 0\r\nAPPEND k c\r\nGET k\r\nQUIT\r\n").utf8
            )
            let expected = try answers(to: request, on: RawConnection(port: model.port))
            #expect(try answers(to: request, on: proxy.connection()) == expected)
            let dripping = try proxy.connection()
            try dripping.send("DEL k l\r\n")
            _ = try dripping.receiveReply()
            for byte in request { try dripping.send([byte]) }
            #expect(printable(try dripping.receiveToEnd().bytes) == expected)
            #expect(try proxy.http.get("/k", headers: ["Accept: text/plain"]).text == "a\r\nbc")
        }
    }

    @Test("latency and 20 clients with mixed pipelines: order is kept, no reply reaches another client")
    func latency() throws {
        let (server, relay, proxy) = try self.start(.delayed(.milliseconds(50)))
        try withExtendedLifetime((server, relay)) {
            try inParallel(20) { index in
                let client = try proxy.client()
                for round in 0..<3 {
                    try client.append("SET", "k\(index)", "\(index)-\(round)")
                    try client.append("GET", "k\(index)")
                    try client.append("ECHO", "\(index)")
                    try client.append("GET", "k\(index)")
                    let value = Reply.text("\(index)-\(round)")
                    let replies = try client.replies(4)
                    guard replies == [.status("OK"), value, .text("\(index)"), value] else {
                        throw TestSupportError("client \(index): \(replies)")
                    }
                }
            }
        }
    }

    @Test("cut in the middle of a reply: never a truncated reply followed by another, and nothing of it is cached")
    func cut() throws {
        let server = try RedisServer()
        let value = patternedBytes(1 << 20)
        try server.client().command([Array("SET".utf8), Array("k".utf8), value])
        // Far enough for the start of a session and the server's command table, not for a mebibyte.
        let relay = try FaultyRelay(to: server, .cut(after: 700_000))
        let proxy = try ProxyProcess(environment: ["REDIS_HOST": "127.0.0.1", "REDIS_PORT": "\(relay.port)"])
        try withExtendedLifetime((server, relay)) {
            try proxy.expectCutReplies(length: value.count, endsSending: true)
            #expect(proxy.process.isRunning)
        }
    }
}
