import TestSupport
import Testing

@Suite("both client limits", .blocking)
struct ClientLimitTests {
    @Test("beyond MAX_CLIENTS requests at once, the next gets 429 with a body that names it")
    func maxClients() throws {
        let redis = try ProxiedRedis.byExpiry(["MAX_CLIENTS": "2"])
        try redis.setBehind("k0", "value")
        try redis.server.freeze()
        let requests = (0..<5).map { index in
            BackgroundWork { try redis.connection().httpGet("/k\(index)") }
        }
        try eventually("three are refused") { requests.count { $0.isFinished } == 3 }
        for request in requests where request.isFinished {
            let response = try request.wait()
            #expect(response.status == 429)
            #expect(response.text.contains("MAX_CLIENTS") && response.text.contains("2"))
            #expect(response["retry-after"].flatMap { Int($0) } != nil)
            #expect(response["content-type"]?.hasPrefix("application/json") == true)
        }
        redis.server.thaw()
        let statuses = try requests.map { try $0.wait().status }
        #expect(statuses.count { $0 == 429 } == 3)
        #expect(statuses.allSatisfy { [200, 204, 429].contains($0) })
        try eventually("one warning") { redis.proxy.log.contains("MAX_CLIENTS") }
        #expect(redis.proxy.log.split(separator: "\n").count { $0.contains("MAX_CLIENTS") } == 1)
    }

    @Test("a slot is free again once the response is complete, and idle connections hold none")
    func slotsAreFreed() throws {
        let redis = try ProxiedRedis.byExpiry(["MAX_CLIENTS": "1"])
        try redis.setBehind("k", "value")
        let idle = try (0..<5).map { _ in try redis.connection() }
        for _ in 0..<20 {
            for connection in idle { try #require(try connection.httpGet("/k").status == 200) }
        }
    }

    @Test("clients that do not read lose their places after CLIENT_IDLE_TIMEOUT", arguments: [2, 5])
    func nobodyReads(requests: Int) throws {
        let redis = try ProxiedRedis.byExpiry(["MAX_CLIENTS": "3", "CLIENT_IDLE_TIMEOUT": "4"])
        try redis.setBehind("big", String(repeating: "x", count: 8 << 20))
        #expect(try redis.client().command("GET", "big").string?.utf8.count == 8 << 20)
        let request = "GET /big HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n"
        let start = ContinuousClock.now
        let idle = try (0..<3).map { _ in
            let connection = try redis.proxy.connection(receiveBuffer: 4096)
            try connection.send(String(repeating: request, count: requests))
            // It has its place before anybody else asks, who would have it for a moment, and the client be refused for good.
            _ = try connection.receive(count: 1)
            return connection
        }
        try eventually("all places are taken") { try redis.http.get("/none").status == 429 }
        let taken = ContinuousClock.now
        try eventually("they are free again") { try redis.http.get("/none").status == 204 }
        #expect(ContinuousClock.now - start >= .seconds(3.9))
        #expect(ContinuousClock.now - taken < .seconds(7))
        withExtendedLifetime(idle) {}
    }

    @Test("RESP clients do not count towards MAX_CLIENTS")
    func respIsNotLimited() throws {
        let redis = try ProxiedRedis.byExpiry(["MAX_CLIENTS": "1"])
        let clients = try (0..<10).map { _ in try redis.client() }
        for client in clients { #expect(try client.command("GET", "k") == .null) }
        #expect(try redis.http.get("/k").status == 204)
    }

    @Test("beyond MAX_CONNECTIONS, a RESP client reads Redis' own text and an HTTP client 503")
    func maxConnections() throws {
        let redis = try ProxiedRedis.byExpiry(["MAX_CONNECTIONS": "3"])
        let text = "-ERR max number of clients reached\r\n"
        // The connection that looked whether the port accepts may still be counted.
        var holders: [RawConnection] = []
        try eventually("three connections are let in") {
            let connection = try redis.connection()
            try? connection.send("PING\r\n")
            if (try? connection.receiveReply()) == Array("+PONG\r\n".utf8) { holders.append(connection) }
            return holders.count == 3
        }
        let fourth = try redis.connection()
        try fourth.send("PING\r\n")
        #expect(try fourth.receiveToEnd().bytes == Array(text.utf8))
        let browser = try redis.connection()
        try browser.send("GET /k HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try browser.receiveHTTPResponse().status == 503)
        #expect(try browser.receiveToEnd().bytes.isEmpty)

        let start = ContinuousClock.now
        let silent = try redis.connection()
        #expect(try silent.receiveToEnd().bytes == Array(text.utf8), "after a second without a first byte")
        #expect(ContinuousClock.now - start >= .milliseconds(900))

        for holder in holders { #expect(try holder.roundTrip("PING") == "+PONG\r\n", "the others are unhurt") }
        holders.removeLast().close()
        try eventually("the freed place is given away") {
            let next = try redis.connection()
            try? next.send("PING\r\n")
            return (try? next.receiveReply()) == Array("+PONG\r\n".utf8)
        }
    }

    @Test("a descriptor limit too low for MAX_CONNECTIONS lowers it, and the log says so")
    func fewDescriptors() throws {
        let server = try RedisServer()
        let proxy = try ProxyProcess(fronting: server, descriptorLimit: 96)
        try eventually("the warning") { proxy.log.contains("MAX_CONNECTIONS") }
        let first = try proxy.client()
        #expect(try first.command("SET", "k", "v") == .status("OK"))
        var crowd = (0..<150).compactMap { _ in try? proxy.connection() }
        #expect(crowd.count > 100)
        #expect(try first.command("GET", "k") == .text("v"), "who is in is served")
        #expect(proxy.process.isRunning)
        crowd.removeAll()
        try eventually("it recovers") {
            guard let client = try? proxy.client() else { return false }
            return (try? client.command("GET", "k")) == .text("v")
        }
    }
}
