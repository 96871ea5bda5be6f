import NIOCore
import Testing

@testable import HTTPFacade

@Suite("Host, and whom a request is for")
struct HostTests {
    private func send(
        _ head: String, knownOnly: Bool = false, names: [String] = [], inBytes: Bool = false
    ) throws -> (responses: [Response], isOpen: Bool) {
        let connection = try HTTPConnection { $0.allowedHosts = names }
        connection.reader.servesOnlyKnownHosts = knownOnly
        connection.reader.set("a", "v")
        try connection.send(head + "\r\n")
        return (try connection.responses(), connection.isOpen)
    }

    static let hosts = [
        "a", "a.example", "A-b.Example.", "my_host", "a:80", "a:", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000",
        "[::ffff:1.2.3.4]", "[fe80::1%25eth0]", "[v1.a:b]", "a%20b", "a!$&'()*+,;=~", "xn--bcher-kva.example",
        "256.1.1.1", "1",
    ]

    @Test("a host of RFC 3986 is taken, with white space around it or without", arguments: hosts)
    func taken(host: String) throws {
        for value in [" \(host)", host, "\t\(host) \t"] {
            let (responses, isOpen) = try send("GET /a HTTP/1.1\r\nHost:\(value)\r\n")
            #expect(responses.map(\.status) == [200], "'\(value)'")
            #expect(isOpen)
        }
    }

    static let bad = [
        "", "a b", "a/b", "\"a\"", "<a>", "a\\b", "a^b", "a|b", "{a}", "`a`", "a%", "a%2", "a%zz", "a:b", "a:8x",
        "a:80:80", ":80",
        "u@a", "u:p@a", "a#b", "a?b", "é", "[::1", "::1", "[::g]", "[127.0.0.1]", "[::1]x", "[::1]:x", "[]", "[:]",
        "[fe80::1%]",
        "[v.a]", "[v1.]", "a\u{212A}",
    ]

    @Test("a Host that is none is 400 and ends the connection, beside an absolute target too", arguments: bad)
    func refused(host: String) throws {
        for line in ["GET /a HTTP/1.1", "GET /a HTTP/1.0", "GET http://a/a HTTP/1.1"] {
            let (responses, isOpen) = try send("\(line)\r\nHost: \(host)\r\n")
            #expect(responses.map(\.status) == [400], "\(line)")
            #expect(!isOpen)
        }
    }

    @Test(
        "an absolute target must name a host",
        arguments: [
            "http://:80/a", "http://u@a/a", "http://u:p@a/a", "http://a:b/a", "http:///a", "http://?a", "http://[::1/a",
        ])
    func absolute(target: String) throws {
        let (responses, _) = try send("GET \(target) HTTP/1.1\r\nHost: a\r\n")
        #expect(responses.map(\.status) == [400])
    }

    @Test(
        "where hosts must be known, others are 421 with a body that names the option, and the connection stays",
        arguments: [
            ("localhost", 200), ("LOCALHOST:80", 200), ("localhost.", 200), ("a.localhost", 200),
            ("a.b.LocalHost:1", 200),
            ("127.0.0.1", 200), ("10.1.2.3:80", 200), ("[::1]:8000", 200), ("[2001:db8::1]", 200),
            ("[fe80::1%eth0]", 200),
            ("cache.example", 200), ("CACHE.example.:443", 200), ("my_host", 200),
            ("evil.example", 421), ("localhost.evil.example", 421), ("notlocalhost", 421), (".localhost", 421),
            ("127.0.0.1.evil.example", 421), ("127.1", 421), ("0x7f.0.0.1", 421), ("127.0.0.01", 421),
            ("1.2.3.4.5", 421),
            ("[v1.a]", 421), ("cache.example.evil", 421), ("x.cache.example", 421), ("%6cocalhost", 421),
            ("localhost%2e", 421),
        ])
    func known(host: String, status: Int) throws {
        let (responses, isOpen) = try send(
            "GET /a HTTP/1.1\r\nHost: \(host)\r\n", knownOnly: true, names: ["Cache.Example.", "my_host"])
        #expect(responses.map(\.status) == [status])
        #expect(isOpen)
        if status == 421 {
            let text = try #require(responses.first).text
            #expect(text.contains("HTTP_ALLOWED_HOSTS") && !text.contains("\"v\""))
        }
        #expect(
            try send("GET /a HTTP/1.1\r\nHost: \(host)\r\n").responses.map(\.status) == [200], "elsewhere any will do")
    }

    @Test("the authority of an absolute target stands for Host; HTTP/1.0 may name none")
    func whoIsNamed() throws {
        for (head, status) in [
            ("GET http://localhost/a HTTP/1.1\r\nHost: evil.example\r\n", 200),
            ("GET http://evil.example/a HTTP/1.1\r\nHost: localhost\r\n", 421),
            ("GET HTTP://evil.example:80/a HTTP/1.0\r\n", 421), ("GET http://127.0.0.1/a HTTP/1.0\r\n", 200),
            ("GET /a HTTP/1.0\r\n", 200), ("GET /a HTTP/1.0\r\nHost: evil.example\r\n", 421),
            ("GET /a HTTP/1.1\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n", 400),
        ] {
            #expect(try send(head, knownOnly: true).responses.map(\.status) == [status], "\(head)")
        }
    }

    @Test("whatever is asked for, a host that is not known is told nothing else")
    func nothingElse() throws {
        let connection = try HTTPConnection(requiresCredentials: true)
        connection.reader.servesOnlyKnownHosts = true
        for line in ["GET /a", "HEAD /a", "POST /a", "GET /", "OPTIONS *"] {
            try connection.send("\(line) HTTP/1.1\r\nHost: evil.example\r\nIf-None-Match: *\r\n\r\n")
            #expect(try connection.responses(toHead: line.hasPrefix("HEAD") ? 1 : 0).map(\.status) == [421], "\(line)")
        }
        #expect(connection.reader.keys.isEmpty && connection.reader.asked.isEmpty)
        #expect(connection.limiter.inUse == 0)
    }
}
