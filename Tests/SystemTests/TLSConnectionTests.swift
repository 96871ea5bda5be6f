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
        "a client that takes nothing costs what it costs over TCP, hits of any size",
        arguments: [100, 4 << 10, 1 << 20])
    func unreadHits(length: Int) throws {
        func cost(overTLS: Bool) throws -> Int {
            let server = try RedisServer(overTLS: overTLS)
            let proxy = try ProxyProcess(fronting: server, environment: ["THREADS": "1"], overTLS: overTLS)
            try server.client().command([Array("SET".utf8), Array("k".utf8), patternedBytes(length)])
            let client = try proxy.client()
            for _ in 0..<3 { guard case .bulk = try client.command("GET", "k") else { throw TestSupportError("none") } }
            let before = proxy.residentMemory
            let clients = try (0..<8).map { _ in
                try proxy.connection(limit: .milliseconds(500), receiveBuffer: 4096)
            }
            let requests = Array(repeatElement(encodeCommand("GET", "k"), count: 10_000).joined())
            // Until nobody takes more.
            for connection in clients {
                for _ in 0..<20 { guard (try? connection.send(requests)) != nil else { break } }
            }
            return proxy.peakMemory - before
        }
        let (tcp, tls) = (try cost(overTLS: false), try cost(overTLS: true))
        print(
            "eight clients that read none of their hits of \(length) bytes: \(tcp >> 10) KiB over TCP, \(tls >> 10) over TLS"
        )
        #expect(tls < 2 * tcp + (12 << 20))
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
