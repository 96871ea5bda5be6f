import NIOCore
import Testing

@testable import RESPProxy

@Suite("which protocol a connection speaks, by its first bytes")
struct FirstBytesTests {
    /// The verdict on bytes that come one by one, and after which of them it came.
    private func verdict(_ text: String) -> FirstBytes.Verdict {
        var firstBytes = FirstBytes()
        let bytes = Array(text.utf8)
        for count in 1...bytes.count {
            let verdict = firstBytes.verdict(on: bytes.span.extracting(first: count).bytes)
            if verdict != .undecided { return verdict }
        }
        return .undecided
    }

    @Test(
        "HTTP is a first line of exactly three fields",
        arguments: [
            "GET / HTTP/1.1\r\n", "HEAD /k HTTP/1.0\r\n", "GET http://host/k HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n",
            "POST /k HTTP/1.1\r\n", "GET /a HTTP/1.1\n", "GET HTTP://host/k HTTP/1.1\r\n",
            "GET Http://host/k HTTP/1.0\r\n",
        ])
    func http(line: String) {
        #expect(verdict(line) == .http)
    }

    @Test(
        "everything else is RESP",
        arguments: [
            "*", "$", "PING\r\n", "get /k HTTP/1.1\r\n", "SET k HTTP/1.1\r\n", "GET /k HTTP/2.0\r\n", "GET /k\r\n",
            "GET /a b HTTP/1.1\r\n", "GET  /k HTTP/1.1\r\n", "GET /k HTTP/1.1 \r\n", "GET *k HTTP/1.1\r\n", "\r\n",
            "Host: x\r\n", "POST\r\n", "GET k\r\n", "\u{0}",
        ])
    func resp(line: String) {
        #expect(verdict(line) == .resp)
    }

    @Test("what may still become HTTP is not decided", arguments: ["G", "GET", "GET ", "GET /k HTTP/1.", "GET http:/"])
    func undecided(text: String) {
        #expect(verdict(text) == .undecided)
    }

    @Test("a first line without an end is left to the RESP parser, which refuses it")
    func endless() {
        var firstBytes = FirstBytes()
        let bytes = Array(("GET /" + String(repeating: "a", count: FirstBytes.lineLimit)).utf8)
        #expect(firstBytes.verdict(on: bytes.span.bytes) == .resp)
    }

    @Test("the clients of this machine are told from the others")
    func loopback() throws {
        #expect(try SocketAddress(ipAddress: "127.0.0.1", port: 1).isLoopback)
        #expect(try SocketAddress(ipAddress: "127.9.9.9", port: 1).isLoopback)
        #expect(try SocketAddress(ipAddress: "::1", port: 1).isLoopback)
        #expect(try SocketAddress(ipAddress: "::ffff:127.0.0.1", port: 1).isLoopback)
        #expect(try !SocketAddress(ipAddress: "192.0.2.1", port: 1).isLoopback)
        #expect(try !SocketAddress(ipAddress: "::ffff:192.0.2.1", port: 1).isLoopback)
        #expect(try !SocketAddress(ipAddress: "2001:db8::1", port: 1).isLoopback)
    }
}
