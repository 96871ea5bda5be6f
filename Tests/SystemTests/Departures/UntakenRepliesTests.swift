import Foundation
import TestSupport
import Testing

/// Clients that do not take their replies, or take them slowly.
@Suite("replies that are not taken", .blocking)
struct UntakenRepliesTests {
    private static let length = 2 << 20
    private static let replyLength = "$\(length)\r\n".utf8.count + length + 2
    /// More than the sockets between the proxy and a client take.
    private static let count = 5
    private static let reads = String(repeating: "GET big\r\n", count: count)

    /// In which `big` is cached, so that all reads of one write are answered in one turn of the event loop.
    private func redis(_ environment: [String: String] = [:]) throws -> (ProxiedRedis, HoldingsReader) {
        let adminPort = try environment["ADMIN_PORT"].flatMap { Int($0) } ?? freePort()
        let redis = try ProxiedRedis.byExpiry(environment.merging(["ADMIN_PORT": "\(adminPort)"]) { $1 })
        try redis.setBehind("big", String(repeating: "x", count: Self.length))
        #expect(try redis.client().command("GET", "big").string?.utf8.count == Self.length)
        return (redis, try HoldingsReader(redis, adminPort: adminPort))
    }

    /// A client that takes no more than the first bytes of its replies, as soon as all commands are done.
    private func client(_ redis: ProxiedRedis, sending commands: String) throws -> RawConnection {
        let client = try redis.proxy.connection(receiveBuffer: 4_096)
        try client.send(commands)
        _ = try client.receive(count: 1)
        return client
    }

    private func awaitEnd(_ reader: HoldingsReader) throws {
        try eventually("it is closed, and nothing kept") { try reader.ofProxy().sessions == 0 }
    }

    @Test("who has said QUIT and ended its side is gone", arguments: ["QUIT\r\n", "*x\r\n"])
    func endBehindQuit(last: String) throws {
        let (redis, reader) = try redis()
        let client = try client(redis, sending: Self.reads + last)
        client.finishSending()
        try awaitEnd(reader)
        withExtendedLifetime(client) {}
    }

    @Test(
        "so is who is owed a little more than the sockets take, and whose QUIT has been answered when it ends its side")
    func endBehindAnsweredQuit() throws {
        let adminPort = try freePort()
        let (redis, reader) = try redis(["ADMIN_PORT": "\(adminPort)"])
        let length = 64 << 10
        try redis.setBehind("part", String(repeating: "x", count: length))
        let client = try redis.proxy.connection(receiveBuffer: 4_096)
        let hits = { try HTTPClient(port: adminPort).metric("redis_proxy_cache_hits_total") ?? 0 }
        // On a connection of its own, to which QUIT goes.
        #expect(try client.roundTrip("CLIENT", "SETNAME", "it") == "+OK\r\n")
        try eventually("it has hits") {
            let before = try hits()
            _ = try client.roundTrip("GET", "part")
            return try hits() == before + 1
        }
        let before = try hits()
        var (answered, taken) = (0, 0)
        while answered * length - taken < 4 * length {
            try client.send("GET part\r\n")
            answered += 1
            try eventually("it is answered from the cache") { try hits() == before + answered }
            taken = try Self.bytesInSockets(of: redis.proxy.port)
        }
        // Few enough to be behind the mark up to which the proxy takes commands.
        try client.send("QUIT\r\n")
        // It closes behind it; before Redis 7.0 it does not count it.
        try eventually("the server has done QUIT") {
            try redis.server.command("CLIENT", "LIST").string?.contains(" name=it ") == false
        }
        // Read after the reply to that.
        #expect(try redis.client().command("INCR", "n") == .integer(1))
        client.finishSending()
        try awaitEnd(reader)
        withExtendedLifetime(client) {}
    }

    /// What the kernel has of the connections of a port, sent and not read.
    private static func bytesInSockets(of port: Int) throws -> Int {
        let filter = "( sport = :\(port) or dport = :\(port) )"
        let lines = try run("ss", ["-tnH", "state", "established", filter]).output.split(separator: "\n")
        // Of the proxy's side what is sent, of the client's what is received; the others are nothing.
        return lines.map { $0.split(separator: " ").prefix(2).compactMap { Int($0) }.reduce(0, +) }.reduce(0, +)
    }

    @Test("who has said QUIT and stays gets all its replies, however late")
    func quitAndLate() throws {
        let (redis, _) = try redis()
        let client = try redis.proxy.connection(receiveBuffer: 65_536)
        try client.send(Self.reads + "QUIT\r\n")
        // What is sent behind it is not looked at.
        try? client.send(String(repeating: "INCR n\r\n", count: 10_000))
        pause(.seconds(4))
        let received = try client.receiveToEnd()
        #expect(received.bytes.count == Self.count * Self.replyLength + 5)
        #expect(received.bytes.suffix(5) == Array("+OK\r\n".utf8)[...])
        #expect(try redis.server.command("EXISTS", "n") == .integer(0))
    }

    @Test("who has ended its side gets all its replies, as long as it takes some", arguments: [false, true])
    func slowBehindEnd(saysQuit: Bool) throws {
        let (redis, _) = try redis()
        let client = try redis.proxy.connection(receiveBuffer: 65_536)
        try client.send(Self.reads + (saysQuit ? "QUIT\r\n" : ""))
        client.finishSending()
        var count = 0
        // So slowly that the proxy's socket asks for more after some seconds only.
        for _ in 0..<15 {
            count += try client.receiveSome().count
            pause(.milliseconds(400))
        }
        count += try client.receiveToEnd().bytes.count
        #expect(count == Self.count * Self.replyLength + (saysQuit ? 5 : 0))
    }

    @Test(
        "CLIENT_IDLE_TIMEOUT closes who takes nothing, however its replies were made",
        arguments: ["", "QUIT\r\n", String(repeating: "GETRANGE big 0 -1\r\n", count: 30)])
    func idle(more: String) throws {
        let (redis, reader) = try redis(["CLIENT_IDLE_TIMEOUT": "2"])
        let client = try client(redis, sending: Self.reads + more)
        try awaitEnd(reader)
        withExtendedLifetime(client) {}
    }

    @Test("CLIENT_IDLE_TIMEOUT leaves who takes slowly alone", arguments: ["", "QUIT\r\n"])
    func slow(last: String) throws {
        let (redis, _) = try redis(["CLIENT_IDLE_TIMEOUT": "1"])
        let client = try redis.proxy.connection(receiveBuffer: 65_536)
        try client.send(Self.reads + last)
        var count = 0
        for _ in 0..<15 {
            count += try client.receiveSome().count
            pause(.milliseconds(400))
        }
        count += try client.receive(count: Self.count * Self.replyLength - count).count
        #expect(count == Self.count * Self.replyLength)
    }

    @Test("nor does it close who takes an HTTP response slowly")
    func slowOverHTTP() throws {
        let (redis, _) = try redis(["CLIENT_IDLE_TIMEOUT": "1"])
        let client = try redis.proxy.connection(receiveBuffer: 65_536)
        let request = "GET /big HTTP/1.1\r\nHost: localhost\r\nAccept: application/octet-stream\r\n"
        try client.send(String(repeating: request + "\r\n", count: Self.count) + request + "Connection: close\r\n\r\n")
        var count = 0
        for _ in 0..<15 {
            count += try client.receiveSome().count
            pause(.milliseconds(400))
        }
        count += try client.receiveToEnd().bytes.count
        #expect(count > (Self.count + 1) * Self.length)
    }

    @Test("the same over TLS", arguments: ["ragged", "notify", "idle"])
    func overTLS(way: String) throws {
        let certificates = try TestCertificates()
        let identity = try certificates.identity("listener")
        var environment = ["TLS_CERT_FILE": identity.certificate, "TLS_KEY_FILE": identity.key, "TLS_PLAINTEXT": "on"]
        if way == "idle" { environment["CLIENT_IDLE_TIMEOUT"] = "2" }
        let (redis, reader) = try redis(environment)
        let client = try ChildProcess(
            Python.program(), [Python.script("tls_untaken.py"), "\(redis.proxy.port)", certificates.authority, way])
        try eventually("it has left: \(client.errors)") { client.output == Array("left\n".utf8) }
        try awaitEnd(reader)
        #expect(client.isRunning)
    }
}
