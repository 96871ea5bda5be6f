import Foundation
import TestSupport
import Testing

@Suite(
    "connections over TLS on both sides", .blocking, .enabled(if: ServerProgram.current.speaksTLS, .noTLS))
struct TLSConnectionTests {
    /// A proxy between clients and a server, all of which speak TLS.
    private func start(_ environment: [String: String] = [:]) throws -> (server: RedisServer, proxy: ProxyProcess) {
        let server = try RedisServer(arguments: ["--proto-max-bulk-len", "1gb"], overTLS: true)
        return (server, try ProxyProcess(fronting: server, environment: environment, overTLS: true))
    }

    @Test("512 MiB goes in and out, and the proxy never holds more than a small part of it")
    func halfGibibyte() throws {
        let (server, proxy) = try self.start()
        let (length, piece) = (512 << 20, patternedBytes(1 << 20))
        let client = try proxy.connection(limit: .seconds(120))
        try eventually("it serves") { try client.roundTrip("PING") == "+PONG\r\n" }
        let before = proxy.residentMemory
        try client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$\(length)\r\n")
        for _ in 0..<512 { try client.send(piece) }
        try client.send("\r\n")
        #expect(try client.receiveReply() == Array("+OK\r\n".utf8))
        #expect(try server.command("STRLEN", "k") == .integer(Int64(length)))
        // The second time it is known to be large.
        for _ in 0..<2 {
            try client.sendCommand("GET", "k")
            #expect(try client.receive(through: "\r\n") == Array("$\(length)\r\n".utf8))
            for _ in 0..<512 { try #require(sameBytes(try client.receive(count: piece.count), piece)) }
            #expect(try client.receive(count: 2) == [13, 10])
        }
        let raw = try run(
            "curl",
            [
                "-sS", "--max-time", "120", "--cacert", try #require(try TLSRun.authority(port: proxy.port)), "-o",
                "/dev/null", "-w", "%{http_code} %{size_download}", "-H", "Accept: application/octet-stream",
                "https://localhost:\(proxy.port)/k",
            ], within: .seconds(130))
        #expect(raw.output == "200 \(length)")
        let more = proxy.peakMemory - before
        print("512 MiB over TLS on both sides: \(more >> 20) MiB more resident memory at most")
        #expect(more < 64 << 20)
        withExtendedLifetime(server) {}
    }

    @Test(
        "a client that takes nothing costs what it was answered, over TLS as over TCP, and nothing for what lies in the cache",
        arguments: [100, 4 << 10, 1 << 20])
    func unreadHits(length: Int) throws {
        let answeredFromMemoryOfTheCache = length >= 16 << 10
        for overTLS in [false, true] {
            let server = try RedisServer(overTLS: overTLS)
            let adminPort = try freePort()
            let proxy = try ProxyProcess(
                fronting: server, environment: ["THREADS": "1", "ADMIN_PORT": "\(adminPort)"], overTLS: overTLS)
            try server.client().command([Array("SET".utf8), Array("k".utf8), patternedBytes(length)])
            let client = try proxy.client()
            for _ in 0..<3 { guard case .bulk = try client.command("GET", "k") else { throw TestSupportError("none") } }
            let admin = HTTPClient(port: adminPort)
            let hits = { try #require(try admin.metric("redis_proxy_cache_hits_total")) }
            let hitsBefore = try hits()
            let before = proxy.residentMemory
            // More than is answered from the cache in one go.
            let requests = Array(
                repeatElement(encodeCommand("GET", "k"), count: min(40_000, (20 << 20) / length)).joined())
            let clients = try (0..<8).map { _ in
                let connection = try proxy.connection(receiveBuffer: 4096)
                try connection.send(requests)
                return connection
            }
            var answered = 0
            try eventually(within: .seconds(120), "nobody is answered any more") {
                let earlier = answered
                pause(.milliseconds(500))
                answered = (try hits() - hitsBefore) * length
                return answered > 8 * length && answered == earlier
            }
            let cost = proxy.peakMemory - before
            print(
                "eight clients that read none of their hits of \(length) bytes\(overTLS ? ", over TLS" : ""): "
                    + "\(cost >> 10) KiB, answered \(answered >> 10) KiB")
            // Beside that, what each has sent, and what TLS keeps for it.
            #expect(cost < (answeredFromMemoryOfTheCache ? 0 : answered) + 8 * (5 << 19))
            withExtendedLifetime(clients) {}
        }
    }

    @Test("an end of the server's that nothing announces is a lost connection, and never a short value")
    func unannouncedEnd() throws {
        let server = try RedisServer()
        let value = patternedBytes(1 << 20)
        try server.client().command([Array("SET".utf8), Array("k".utf8), value])
        // Far enough for the start of a session and the server's command table, not for a mebibyte.
        let relay = try FaultyRelay(to: server, .ending(after: 700_000), overTLS: true)
        let proxy = try ProxyProcess(
            environment: ["REDIS_HOST": "127.0.0.1", "REDIS_PORT": "\(relay.port)"], overTLS: true)
        try proxy.expectCutReplies(length: value.count, endsSending: false)
        withExtendedLifetime((server, relay)) {}
    }

    @Test("a client that is closed and never says close_notify is waited for a second at most")
    func silentAtTheEnd() throws {
        let (server, proxy) = try self.start()
        let client = try proxy.connection(limit: .seconds(30))
        try eventually("it serves") { try client.roundTrip("PING") == "+PONG\r\n" }
        let (before, start) = (proxy.descriptors, ContinuousClock.now)
        #expect(try client.roundTrip("QUIT") == "+OK\r\n")
        #expect(try client.receiveToEnd().closing == .end)
        try eventually("its descriptor is free") { proxy.descriptors < before }
        #expect(ContinuousClock.now - start < .seconds(10), "the kernel would wait for minutes")
        withExtendedLifetime((server, client)) {}
    }
}
