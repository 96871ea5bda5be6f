import Foundation
import TestSupport
import Testing

@Suite("connections come and go", .blocking)
struct ConnectionTests {
    @Test("2,000 connects and closes leave descriptors and backing connections where they were")
    func connectsAndCloses() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.awaitSharing()
        try redis.client().command("SET", "k", "v")
        #expect(try redis.http.get("/k").status == 200)
        try eventually("at rest") { try redis.server.info("connected_clients").flatMap { Int($0) } ?? 99 < 16 }
        let before = redis.proxy.descriptors
        let clients = try redis.server.info("connected_clients").flatMap { Int($0) } ?? 0
        try inParallel(4) { index in
            for round in 0..<500 {
                let connection = try redis.connection()
                switch (round + index) % 8 {
                case 0: break
                case 1: _ = try connection.roundTrip("GET", "k")
                case 2: _ = try connection.roundTrip("INCR", "n")
                case 3: try connection.send("*2\r\n$3\r\nGET\r\n$1")
                case 4: try connection.sendCommand("INCR", "n")
                case 5: _ = try connection.httpGet("/k")
                case 6: try connection.send("GET /k HTTP/1.1\r\nHos")
                default:
                    try connection.sendCommand("BLPOP", "q", "0")
                    connection.reset()
                }
                if round % 3 == 0 { connection.reset() } else { connection.close() }
            }
        }
        try eventually("descriptors are back") { redis.proxy.descriptors <= before + 8 }
        try eventually("backing connections are back") {
            try redis.server.info("connected_clients").flatMap { Int($0) } ?? 99 <= clients + 8
        }
        #expect(try redis.client().command("GET", "k") == .text("v"))
    }

    @Test("a client that is gone while blocked pops nothing later")
    func goneWhileBlocked() throws {
        let redis = try ProxiedRedis.byExpiry()
        let blocked = try (0..<3).map { _ in try redis.connection() }
        for connection in blocked { try connection.sendCommand("BLPOP", "q", "0") }
        try eventually("they block") { try redis.server.info("blocked_clients") == "3" }
        blocked[0].close()
        blocked[1].reset()
        blocked[2].finishSending()
        try eventually("the server knows") { try redis.server.info("blocked_clients") == "0" }
        #expect(try redis.client().command("LPUSH", "q", "x") == .integer(1))
        #expect(try redis.server.command("LLEN", "q") == .integer(1))
    }

    @Test("a client that sends and closes at once has its writes done")
    func sendAndClose() throws {
        let redis = try ProxiedRedis.byExpiry()
        for index in 0..<50 {
            let connection = try redis.connection()
            try connection.send("GET q\r\nSET x\(index) yes\r\n")
            connection.close()
        }
        try eventually("all of them ran") { try redis.server.command("DBSIZE") == .integer(50) }
    }

    @Test("half-close: all replies to complete commands, then the end")
    func halfClose() throws {
        let redis = try ProxiedRedis.byExpiry()
        let model = try RedisServer()
        for request in [
            "PING\r\nGET k\r\nSET k 1\r\nGET k\r\nINC", "", "GET k\r\n", "BLPOP q 0\r\nPING\r\n", "SUBSCRIBE a\r\n",
        ] {
            let bytes = Array(request.utf8)
            let expected = try answers(to: bytes, on: RawConnection(port: model.port))
            #expect(try answers(to: bytes, on: redis.connection()) == expected, "\(printable(bytes))")
        }
    }

    @Test("CLIENT_IDLE_TIMEOUT closes idle clients; blocked clients and subscribers are exempt")
    func idleClients() throws {
        let redis = try ProxiedRedis.byExpiry(["CLIENT_IDLE_TIMEOUT": "1"])
        let subscriber = try redis.connection()
        #expect(try subscriber.roundTrip("SUBSCRIBE", "a").contains("subscribe"))
        let blocked = try redis.connection()
        try blocked.sendCommand("BLPOP", "q", "0")
        try eventually("it blocks") { try redis.server.info("blocked_clients") == "1" }
        let start = ContinuousClock.now
        let idle = try redis.connection()
        #expect(try idle.roundTrip("SET", "k", "v") == "+OK\r\n")
        let hitting = try redis.connection()
        #expect(try hitting.roundTrip("GET", "k") == "$1\r\nv\r\n")
        let silent = try redis.connection()
        let browser = try redis.connection()
        #expect(try browser.httpGet("/k").status == 200)
        let slow = try redis.connection()
        try slow.send("GET /k HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        for connection in [idle, hitting, silent, browser] { #expect(try connection.receiveToEnd().bytes.isEmpty) }
        let answer = String(decoding: try slow.receiveToEnd().bytes, as: UTF8.self)
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 408"))
        #expect(ContinuousClock.now - start >= .milliseconds(900))
        #expect(try redis.server.command("PUBLISH", "a", "x") == .integer(1))
        #expect(String(decoding: try subscriber.receiveReply(), as: UTF8.self).contains("message"))
        #expect(try redis.server.command("RPUSH", "q", "x") == .integer(1))
        #expect(try blocked.receiveReply() == Array("*2\r\n$1\r\nq\r\n$1\r\nx\r\n".utf8))
    }

    @Test("by default an idle RESP client stays, as in Redis")
    func noIdleLimit() throws {
        let redis = try ProxiedRedis.byExpiry()
        let idle = try redis.connection()
        #expect(try idle.roundTrip("GET", "k") == "$-1\r\n")
        #expect(try idle.staysSilent(for: .seconds(2)))
        #expect(try idle.roundTrip("GET", "k") == "$-1\r\n")
    }

    @Test("a connection killed by the server is told to its client by a close", arguments: ["MULTI", "SUBSCRIBE a"])
    func killedByServer(command: String) throws {
        let redis = try ProxiedRedis.byExpiry()
        let connection = try redis.connection()
        try connection.send("CLIENT ID\r\n")
        let id = String(decoding: try connection.receiveReply().dropFirst().dropLast(2), as: UTF8.self)
        try connection.send(command + "\r\n")
        _ = try connection.receiveReply()
        #expect(try redis.client().command("CLIENT", "KILL", "ID", id) == .integer(1))
        #expect(try connection.receiveToEnd().bytes.isEmpty)
    }
}
