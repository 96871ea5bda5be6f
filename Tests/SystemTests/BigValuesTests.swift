import TestSupport
import Testing

@Suite("big values", .blocking)
struct BigValuesTests {
    @Test("1 MiB goes in and out, from the server and from the cache")
    func oneMebibyte() throws {
        let redis = try ProxiedRedis.byExpiry()
        let value = patternedBytes(1 << 20)
        let client = try redis.client()
        #expect(try client.command([Array("SET".utf8), Array("k".utf8), value]) == .status("OK"))
        for _ in 0..<3 {
            guard case .bulk(let bytes) = try client.command("GET", "k") else { throw TestSupportError("no bulk") }
            #expect(sameBytes(bytes, value))
        }
        #expect(try redis.server.calls(of: "get") <= 1, "the second came from the cache")
        let raw = try redis.http.get("/k", headers: ["Accept: application/octet-stream"])
        #expect(raw.status == 200 && raw["x-cache"] == "HIT")
        #expect(sameBytes(raw.body, value))
    }

    @Test("64 MiB goes both ways over RESP, whole and with its neighbours in order")
    func sixtyFourMebibytes() throws {
        let redis = try ProxiedRedis()
        let value = patternedBytes(64 << 20)
        let client = try redis.client()
        try client.append([Array("SET".utf8), Array("k".utf8), value])
        try client.append("ECHO", "behind")
        #expect(try client.replies(2) == [.status("OK"), .text("behind")])
        #expect(try redis.server.command("STRLEN", "k") == .integer(64 << 20))
        try client.append("ECHO", "before")
        try client.append("GET", "k")
        try client.append("ECHO", "after")
        #expect(try client.reply() == .text("before"))
        guard case .bulk(let bytes) = try client.reply() else { throw TestSupportError("no bulk") }
        #expect(sameBytes(bytes, value))
        #expect(try client.reply() == .text("after"))
        #expect(try client.command("GET", "k") != .null, "and again, now that it is known to be large")
    }

    @Test("64 MiB over HTTP, streamed raw; as JSON it is 406 with a body that names the raw form")
    func overHTTP() throws {
        let redis = try ProxiedRedis()
        let value = patternedBytes(64 << 20)
        try redis.server.client().command([Array("SET".utf8), Array("k".utf8), value])
        let connection = try redis.proxy.connection(limit: .seconds(60))
        for _ in 0..<2 {
            let raw = try connection.httpGet("/k", headers: ["Accept: application/octet-stream"])
            #expect(raw.status == 200)
            #expect(raw["content-length"] == "\(64 << 20)")
            #expect(sameBytes(raw.body, value))
        }
        let json = try connection.httpGet("/k")
        #expect(json.status == 406)
        #expect(json.text.contains("application/octet-stream"))
        #expect(try connection.httpGet("/nosuch").status == 204, "the connection lives on")
    }

    @Test("a value of exactly 8 MiB is still JSON")
    func largestJSON() throws {
        let redis = try ProxiedRedis()
        let value = [UInt8](repeating: 97, count: 8 << 20)
        try redis.server.client().command([Array("SET".utf8), Array("k".utf8), value])
        let response = try redis.proxy.connection(limit: .seconds(60)).httpGet("/k")
        #expect(response.status == 200)
        #expect(response.body.count == value.count + #"{"key":"k","value":""}"#.utf8.count)
        try redis.server.command("APPEND", "k", "a")
        let next = try ProxyProcess(fronting: redis.server)
        #expect(try next.http.get("/k").status == 406)
    }

    @Test("a client that reads slowly does not make the proxy hold what it does not read")
    func slowReader() throws {
        let redis = try ProxiedRedis()
        try redis.server.client().command([Array("SET".utf8), Array("k".utf8), patternedBytes(16 << 20)])
        let before = redis.proxy.residentMemory
        let connection = try redis.proxy.connection(limit: .seconds(60), receiveBuffer: 65536)
        for _ in 0..<20 { try connection.sendCommand("GET", "k") }
        for _ in 0..<20 { try connection.sendCommand("GETRANGE", "k", "0", "-1") }
        let other = try redis.client()
        for round in 0..<200 {
            try #require(try other.command("SET", "other", "\(round)") == .status("OK"))
            try #require(try other.command("GET", "other") == .text("\(round)"), "the others are unhurt")
        }
        #expect(redis.proxy.residentMemory - before < 200 << 20, "of 640 MiB that were asked for")
        #expect(try connection.receive(count: 11) == Array("$16777216\r\n".utf8))
    }
}
