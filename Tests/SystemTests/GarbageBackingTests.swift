import Synchronization
import TestSupport
import Testing

@Suite("a backing that sends what is not RESP", .blocking)
struct GarbageBackingTests {
    struct Garbage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let piece: String
        let repeated: Int
        let closes: Bool

        init(_ name: String, _ piece: String, times repeated: Int = 1, closes: Bool = false) {
            self.testDescription = name
            self.piece = piece
            self.repeated = repeated
            self.closes = closes
        }
    }

    static let replies = [
        Garbage("a length that is no number", "$abc\r\n"), Garbage("an unknown type", "?what\r\n"),
        Garbage("a negative length", "$-7\r\n"), Garbage("HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n"),
        Garbage("an endless line", "+" + String(repeating: "x", count: 65_535), times: 512),
        Garbage("nesting without end", String(repeating: "*1\r\n", count: 10_000), times: 100),
        Garbage("a reply cut short", "$10\r\nabc", closes: true), Garbage("a huge count", "*99999999999999999999\r\n"),
    ]

    @Test("its connection is closed, its waiters get a clear error, nothing is stored", arguments: Self.replies)
    func garbage(_ garbage: Garbage) throws {
        let isGood = Mutex(false)
        let server = try FakeServer { connection in
            var inTransaction = false
            while true {
                let command = String(decoding: try connection.receiveReply(), as: UTF8.self).uppercased()
                let good = isGood.withLock { $0 }
                if command.contains("\r\nMULTI\r\n") {
                    inTransaction = true
                    try connection.send("+OK\r\n")
                } else if command.contains("\r\nEXEC\r\n") || command.contains("\r\nECHO\r\n")
                    || (!inTransaction && command.contains("\r\nGET\r\n"))
                {
                    guard good else {
                        for _ in 0..<garbage.repeated { try connection.send(garbage.piece) }
                        if garbage.closes { return }
                        _ = try? connection.receiveToEnd()
                        return
                    }
                    try connection.send(inTransaction ? "*2\r\n$4\r\ngood\r\n:-1\r\n" : "$4\r\ngood\r\n")
                    inTransaction = false
                } else if inTransaction {
                    try connection.send("+QUEUED\r\n")
                } else if command.contains("\r\nPTTL\r\n") {
                    try connection.send(":-1\r\n")
                } else if command.contains("\r\nPING\r\n") {
                    try connection.send("+PONG\r\n")
                } else if command.contains("\r\nCOMMAND\r\n") || command.contains("\r\nINFO\r\n") {
                    try connection.send("-ERR unknown command\r\n")
                } else {
                    try connection.send("+OK\r\n")
                }
            }
        }
        let proxy = try ProxyProcess(
            environment: [
                "REDIS_HOST": "127.0.0.1", "REDIS_PORT": "\(server.port)", "REDIS_COMMAND_TIMEOUT": "5",
            ])
        let before = proxy.residentMemory
        for _ in 0..<2 {
            #expect(try proxy.client().command("GET", "k").isError("ERR"))
            // 503 while it waits before it connects anew.
            #expect([502, 503].contains(try proxy.http.get("/k").status))
        }
        let relayed = try proxy.connection()
        try relayed.sendCommand("ECHO", "x")
        try relayed.sendCommand("ECHO", "y")
        let first = try? relayed.receive(count: 1)
        if first != [UInt8(ascii: "-")] { _ = try relayed.receiveToEnd() }
        #expect(proxy.residentMemory - before < 64 << 20)
        #expect(proxy.process.isRunning)

        isGood.withLock { $0 = true }
        try eventually("good again, so nothing of it was stored") {
            try proxy.client().command("GET", "k") == .text("good")
        }
    }
}
