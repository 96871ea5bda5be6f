import Testing

@testable import HTTPFacade

@Suite("The Host of the request before")
struct LastHostTests {
    /// Among them such as Swift's strings count as equal: U+212A is canonically equivalent to "K".
    static let hosts = ["aK", "a\u{212A}", "ak", "aK:80", "aK.", "127.0.0.1", "127.0.0.10", "[::1]", "[::1", "", "a b"]

    @Test("whatever came before, a Host means what it means alone", arguments: hosts, hosts)
    func independent(before: String, host: String) {
        var lastHost = LastHost()
        for value in [before, host, host, before, host] {
            #expect(lastHost.authority(of: value) == Authority(value))
        }
    }

    @Test("on one connection, each request is for the host that it names")
    func connection() throws {
        let connection = try HTTPConnection { $0.allowedHosts = ["aK"] }
        connection.reader.servesOnlyKnownHosts = true
        connection.reader.set("a", "v")
        for (host, status) in [
            ("localhost", 200), ("evil.example", 421), ("localhost", 200), ("evil.example", 421), ("evil.example", 421),
            ("aK", 200), ("aK", 200), ("a\u{212A}", 400),
        ] {
            try connection.send("GET /a HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            #expect(try connection.responses().map(\.status) == [status], "\(host)")
        }
        #expect(!connection.isOpen)
    }
}
