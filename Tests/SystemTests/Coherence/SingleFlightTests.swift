import TestSupport
import Testing

@Suite("a hit costs the server nothing, and many misses of one key one GET", .blocking)
struct SingleFlightTests {
    @Test("a thousand concurrent misses over RESP and HTTP together")
    func thousandMisses() throws {
        let tracked = try TrackedRedis(["MAX_CLIENTS": "500"])
        try tracked.straight.command("SET", "k", "value")
        let sessions = try (0..<500).map { _ in try tracked.redis.connection(limit: .seconds(60)) }
        let browsers = try (0..<500).map { _ in try tracked.redis.connection(limit: .seconds(60)) }
        // So that the proxy knows what each of them speaks, and has accepted them all.
        for session in sessions { #expect(try session.roundTrip("ECHO", "x") == "$1\r\nx\r\n") }
        for browser in browsers { #expect(try browser.httpGet("/probe").status == 200) }
        let before = try tracked.fetches
        try tracked.server.freeze()
        for session in sessions { try session.sendCommand("GET", "k") }
        for browser in browsers { try browser.send("GET /k HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n") }
        #expect(try browsers[499].staysSilent(for: .milliseconds(300)))
        tracked.server.thaw()
        for session in sessions { #expect(try session.receiveReply() == Array("$5\r\nvalue\r\n".utf8)) }
        for browser in browsers { #expect(try browser.receiveHTTPResponse().text == "value") }
        #expect(try tracked.fetches == before + 1)
    }

    @Test("ten thousand hits of one session and of a pipeline: not one command more at the server")
    func hits() throws {
        let tracked = try TrackedRedis()
        try tracked.cache("k", "value")
        let connection = try tracked.redis.connection()
        let before = try tracked.fetches
        for _ in 0..<100 {
            try connection.send(Array(repeatElement(encodeCommand("GET", "k"), count: 100).joined()))
            let replies = try connection.receive(count: 100 * 11)
            #expect(replies.starts(with: Array("$5\r\nvalue\r\n".utf8)))
        }
        #expect(try tracked.fetches == before)
    }
}
