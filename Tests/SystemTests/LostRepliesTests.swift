import TestSupport
import Testing

/// Servers have bugs by which a reply never comes; see `ReplyPatience`. Straight, a client gets the replies to what it sends next.
@Suite("nothing waits for a reply that never comes", .blocking)
struct LostRepliesTests {
    @Test("a client is served on behind a line that only the server can split, and that is never answered")
    func line() throws {
        let server = try RedisServer()
        let relay = try FaultyRelay(to: server, .losing(":47"))
        let redis = try ProxiedRedis(server, ["CACHE_COHERENCE": "expiry"], behind: relay)
        try redis.awaitCommandTable()
        let client = try redis.connection()
        try client.send("INCRBY n \"4\\x37\"\r\nPING\r\n")
        let reply = printable(try client.receiveReply())
        #expect(reply == "+PONG\\r\\n")
        #expect(try server.command("GET", "n") == .text("47"))
        #expect(try client.roundTrip("ECHO", "a") == "$1\r\na\r\n")
        withExtendedLifetime(relay) {}
    }

    @Test("and behind a RESET that the server refuses to a client in MONITOR")
    func refusedReset() throws {
        let redis = try ProxiedRedis()
        let client = try redis.connection()
        #expect(try client.roundTrip("MONITOR") == "+OK\r\n")
        try client.send("RESET now\r\nECHO there\r\nRESET\r\nPING\r\nQUIT\r\n")
        var bytes: [UInt8] = []
        // Lines of MONITOR come all the time.
        try eventually("it is closed behind QUIT") {
            let more = try client.receiveSome()
            bytes += more
            return more.isEmpty
        }
        let received = printable(bytes)
        #expect(received.contains(printable(Array("-ERR wrong number of arguments for 'reset' command\r\n".utf8))))
        #expect(received.contains(printable(Array("$5\r\nthere\r\n".utf8))))
        #expect(received.hasSuffix(printable(Array("+RESET\r\n+PONG\r\n+OK\r\n".utf8))))
    }
}
