import TestSupport
import Testing

@Suite("a server that closes idle clients", .blocking)
struct ServerTimeoutTests {
    @Test(
        "closes those that have a connection of their own there, and through it they are; who shares stays, and goes on"
    )
    func timeout() throws {
        let redis = try ProxiedRedis.byExpiry(redis: ["--timeout", "1"])
        try redis.awaitSharing()
        let sharing = try redis.connection()
        #expect(try sharing.roundTrip("INCR", "n") == ":1\r\n")
        #expect(try sharing.roundTrip("INCR", "n") == ":2\r\n")
        let named = try redis.connection()
        #expect(try named.roundTrip("CLIENT", "SETNAME", "me") == "+OK\r\n")
        #expect(try named.receiveToEnd().bytes.isEmpty)
        // What is sent while it closes the shared connection has no reply.
        try eventually("it has closed that, too") {
            try redis.server.command("CLIENT", "LIST").string?.contains(" cmd=incr ") == false
        }
        #expect(try sharing.roundTrip("INCR", "n") == ":3\r\n")
    }
}
