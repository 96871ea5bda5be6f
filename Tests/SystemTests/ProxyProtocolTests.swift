import Foundation
import TestSupport
import Testing

/// An IPv4 address of this machine that is not loopback, where it has one.
private let outerAddress: String? = (try? run("hostname", ["-I"]))?.output.split(separator: " ")
    .map(String.init).first { $0.contains(".") && !$0.hasPrefix("127.") }

/// A header of version 2 for a client over IPv4.
private func header(for address: [UInt8], command: UInt8 = 0x21, family: UInt8 = 0x11) -> [UInt8] {
    signature + [command, family, 0, 12] + address + [127, 0, 0, 1, 0x9C, 0x40, 0x1F, 0x40]
}

private let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A] + Array("QUIT\n".utf8)
private let local = signature + [0x20, 0, 0, 0]
private let stranger: [UInt8] = [203, 0, 113, 9]
private let neighbour: [UInt8] = [127, 0, 0, 9]

private let wrongChecksum =
    signature + [0x21, 0x11, 0, 19] + neighbour + [127, 0, 0, 1, 0, 1, 0, 2] + [0x03, 0, 4, 1, 2, 3, 4]

@Suite(
    "PROXY_PROTOCOL_FROM", .blocking,
    .notOverTLS("a header comes before TLS, which the clients of the tests begin at once"))
struct ProxyProtocolTests {
    private func redis(_ environment: [String: String] = [:], password: String? = nil) throws -> ProxiedRedis {
        let base = ["PROXY_PROTOCOL_FROM": "127.0.0.0/8", "ADMIN_PORT": "\(try freePort())"]
        return try ProxiedRedis(RedisServer(password: password), base.merging(environment) { $1 })
    }

    private func metric(_ name: String, of redis: ProxiedRedis) throws -> Int? {
        var port: Int?
        try eventually("the start line") {
            let place = redis.proxy.log.split(separator: "admin on 127.0.0.1:").dropFirst().last
            port = place.flatMap { Int($0.prefix { $0.isNumber }) }
            return port != nil
        }
        return try HTTPClient(port: try #require(port)).metric(name)
    }

    private func failures(_ reason: String, of redis: ProxiedRedis) throws -> Int? {
        try self.metric("redis_proxy_proxy_headers_failed_total{reason=\"\(reason)\"}", of: redis)
    }

    @Test("behind the header RESP and HTTP are served, however its bytes are cut")
    func served() throws {
        let redis = try self.redis()
        let bytes = header(for: neighbour) + Array("SET k v\r\n".utf8)
        for cut in 0...bytes.count {
            let client = try redis.connection()
            try client.send(Array(bytes[..<cut]))
            try client.send(Array(bytes[cut...]))
            #expect(try printable(client.receive(through: "\r\n")) == "+OK\\r\\n")
        }
        let drip = try redis.connection()
        for byte in local + Array("GET k\r\n".utf8) { try drip.send([byte]) }
        #expect(try printable(drip.receiveReply()) == "$1\\r\\nv\\r\\n")
        let browser = try redis.connection()
        try browser.send(header(for: neighbour))
        #expect(try browser.httpGet("/k").status == 200)
        #expect(redis.proxy.log.split(separator: "\n").count == 1, "\(redis.proxy.log)")
    }

    @Test("PROTECTED_MODE judges whom the header names; who is not named is not known to be on this machine")
    func protectedMode() throws {
        let redis = try self.redis()
        try redis.server.command("SET", "k", "v")
        func answer(_ header: [UInt8]) throws -> String {
            let client = try redis.connection()
            try client.send(header + Array("GET k\r\n".utf8))
            return String(decoding: try client.receive(through: "\r\n"), as: UTF8.self)
        }
        let unspecified = header(for: neighbour, family: 0)
        for header in [header(for: stranger), unspecified] {
            #expect(try answer(header).hasPrefix("-DENIED Redis is running in protected mode"))
            let browser = try redis.connection()
            try browser.send(header)
            #expect(try browser.httpGet("/k").status == 403)
        }
        for header in [header(for: neighbour), local, header(for: stranger, command: 0x20)] {
            #expect(try answer(header) == "$1\r\n")
        }
        #expect(try self.metric("redis_proxy_connections_refused_total{reason=\"protected_mode\"}", of: redis) == 4)
        let silent = try redis.connection()
        try silent.send(header(for: stranger))
        #expect(try String(decoding: silent.receiveToEnd().bytes, as: UTF8.self).hasPrefix("-DENIED"))
        let open = try self.redis(["PROTECTED_MODE": "off"])
        let client = try open.connection()
        try client.send(header(for: stranger) + Array("PING\r\n".utf8))
        #expect(try printable(client.receiveReply()) == "+PONG\\r\\n")
    }

    @Test(
        "PROTECTED_MODE judges the socket's peer, too, whatever its header says", .enabled(if: outerAddress != nil))
    func remotePeer() throws {
        let address = try #require(outerAddress)
        let redis = try self.redis(["PROXY_HOST": "0.0.0.0", "PROXY_PROTOCOL_FROM": address])
        for header in [local, header(for: neighbour)] {
            let client = try RawConnection(address: address, port: redis.proxy.port)
            try client.send(header + Array("GET k\r\n".utf8))
            #expect(try String(decoding: client.receiveToEnd().bytes, as: UTF8.self).hasPrefix("-DENIED"))
        }
        #expect(try redis.client().command("PING") == .status("PONG"), "loopback is not in the list")
    }

    @Test(
        "a header that is missing, of version 1, malformed, too long or cut closes the connection, with a line and a counter",
        arguments: [
            ("missing", Array("PING\r\n".utf8)), ("missing", Array("GET / HTTP/1.1\r\n\r\n".utf8)),
            ("missing", [0x16, 0x03, 0x01]), ("version_1", Array("PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n".utf8)),
            ("malformed", header(for: neighbour, command: 0x22)), ("malformed", header(for: neighbour, family: 0x21)),
            ("too_long", signature + [0x21, 0x11, 0xFF, 0xFF]),
            ("checksum", wrongChecksum),
        ])
    func failures(reason: String, bytes: [UInt8]) throws {
        let redis = try self.redis()
        let client = try redis.connection()
        try client.send(bytes)
        #expect(try client.receiveToEnd().bytes.isEmpty)
        #expect(try self.failures(reason, of: redis) == 1)
        try eventually("a line: \(redis.proxy.log)") {
            redis.proxy.log.contains("a connection that PROXY_PROTOCOL_FROM is for was closed")
                && redis.proxy.log.contains("it came from 127.0.0.1:")
        }
    }

    @Test("a connection that ends within its header is counted, and one that ends before it is not")
    func cut() throws {
        let redis = try self.redis()
        let empty = try redis.connection()
        empty.finishSending()
        #expect(try empty.receiveToEnd().bytes.isEmpty)
        let cut = try redis.connection()
        try cut.send(Array(local.prefix(13)))
        cut.finishSending()
        #expect(try cut.receiveToEnd().bytes.isEmpty)
        try eventually("one is counted") { try self.failures("closed", of: redis) == 1 }
    }

    @Test("a thousand headers that never end hurt nobody, are closed after 10 s, and leave few lines in the log")
    func neverEnding() throws {
        let redis = try self.redis(["MAX_CONNECTIONS": "1200"])
        let began = ContinuousClock.now
        let crowd = try (0..<1000).map { index in
            let connection = try redis.connection(limit: .seconds(60))
            try connection.send(Array(local.prefix(index % local.count)))
            return connection
        }
        for _ in 0..<20 {
            let client = try redis.connection()
            try client.send(local + Array("PING\r\n".utf8))
            #expect(try printable(client.receiveReply()) == "+PONG\\r\\n")
        }
        for connection in crowd { #expect(try connection.receiveToEnd().bytes.isEmpty) }
        #expect(ContinuousClock.now - began >= .seconds(9.5))
        try eventually("all are counted") { try self.failures("timed_out", of: redis) == 1000 }
        #expect(redis.proxy.log.split(separator: "\n").count { $0.contains("did not come in time") } <= 4)
    }

    @Test(
        "an unfinished header holds a place of MAX_CONNECTIONS, CLIENT_IDLE_TIMEOUT holds before it, and its end frees the place"
    )
    func places() throws {
        let redis = try self.redis(["MAX_CONNECTIONS": "1", "CLIENT_IDLE_TIMEOUT": "2"])
        // The connection that looked whether the port accepts may still be counted.
        try eventually("the place is free") {
            try self.metric("redis_proxy_connections_accepted_total", of: redis) == 1
                && self.metric("redis_proxy_connections{protocol=\"undetermined\"}", of: redis) == 0
        }
        let holder = try redis.connection()
        try holder.send(Array(local.prefix(5)))
        let ping = local + Array("PING\r\n".utf8)
        try eventually("the next is turned away, in its own protocol") {
            let next = try redis.connection()
            try next.send(ping)
            return try printable(next.receiveToEnd().bytes) == "-ERR max number of clients reached\\r\\n"
        }
        let browser = try redis.connection()
        try browser.send(local)
        #expect(try browser.httpGet("/k").status == 503)
        #expect(try holder.receiveToEnd().bytes.isEmpty)
        try eventually("the place is free") {
            let next = try redis.connection()
            try next.send(ping)
            return try printable(next.receive(through: "\r\n")) == "+PONG\\r\\n"
        }
    }

    @Test(
        "from anybody else a header is refused with a clear error, a line and a counter; empty lines are not",
        arguments: [true, false])
    func refused(isListed: Bool) throws {
        let redis = try self.redis(
            isListed ? ["PROXY_PROTOCOL_FROM": "10.0.0.0/8,fd00::/8"] : ["PROXY_PROTOCOL_FROM": ""])
        for bytes in [local, header(for: stranger) + Array("PING\r\n".utf8)] {
            let client = try redis.connection()
            try client.send(bytes)
            #expect(
                try printable(client.receiveToEnd().bytes)
                    == "-ERR redis-proxy: no PROXY protocol header is taken from your address, see PROXY_PROTOCOL_FROM\\r\\n"
            )
        }
        #expect(try self.metric("redis_proxy_connections_refused_total{reason=\"proxy_header\"}", of: redis) == 2)
        try eventually("a line") {
            redis.proxy.log.contains("a PROXY protocol header was refused")
                && redis.proxy.log.contains("is not in PROXY_PROTOCOL_FROM")
        }
        try redis.awaitFillLanes()
        let client = try redis.connection()
        try client.send("\r\n\r\n")
        #expect(try client.staysSilent(for: .milliseconds(200)))
        #expect(try client.roundTrip("PING") == "+PONG\r\n")
    }

    @Test("HTTP_PORT takes headers as well, and refuses them in HTTP")
    func httpPort() throws {
        let port = try freePort()
        let redis = try self.redis(["HTTP_PORT": "\(port)"])
        try eventually("it listens") { redis.proxy.log.contains("HTTP on") }
        let browser = try RawConnection(port: port)
        try browser.send(header(for: neighbour))
        #expect(try browser.httpGet("/none").status == 204)
        let closed = try RawConnection(port: port)
        try closed.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try closed.receiveToEnd().bytes.isEmpty)
        withExtendedLifetime(redis) {}
        let otherPort = try freePort()
        let other = try self.redis(["HTTP_PORT": "\(otherPort)", "PROXY_PROTOCOL_FROM": ""])
        try eventually("it listens") { other.proxy.log.contains("HTTP on") }
        let refused = try RawConnection(port: otherPort)
        try refused.send(local)
        let response = try refused.receiveHTTPResponse()
        #expect(response.status == 400 && response.text.contains("PROXY_PROTOCOL_FROM"))
        withExtendedLifetime(other) {}
    }

    @Test("a peer over IPv4 that is seen as one of IPv6 is judged as one of IPv4")
    func mapped() throws {
        let redis = try self.redis(["PROXY_HOST": "::"])
        let client = try redis.connection()
        try client.send(local + Array("PING\r\n".utf8))
        #expect(try printable(client.receiveReply()) == "+PONG\\r\\n")
        let without = try redis.connection()
        try without.send("PING\r\n")
        #expect(try without.receiveToEnd().bytes.isEmpty)
    }

    @Test("the proxy's own looks at its ports go on, --health and PROXY_SOCKET too, which take no headers")
    func ownProbes() throws {
        let folder = try TemporaryFolder()
        // The proxy makes its socket here, and may be another user.
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path("."))
        let path = folder.path("proxy.sock")
        let adminPort = try freePort()
        let environment = ["ADMIN_PORT": "\(adminPort)", "HTTP_PORT": "\(try freePort())", "PROXY_SOCKET": path]
        let redis = try self.redis(environment)
        let admin = HTTPClient(port: adminPort)
        try eventually("it is ready") { try admin.get("/readyz").status == 200 }
        #expect(try admin.get("/healthz").status == 200)
        let health = try ProxyProcess.runToEnd(
            environment: ["ADMIN_PORT": "\(adminPort)", "PROXY_PROTOCOL_FROM": "127.0.0.0/8"], arguments: ["--health"])
        #expect(health.ending == .exited(0), "\(health.output) \(health.errors)")
        #expect(try run("redis-cli", ["-s", path, "PING"]).output == "PONG\n")
        let straight = try RawConnection(port: adminPort)
        try straight.send(local + Array("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
        #expect(try straight.receiveHTTPResponse().status == 400)
        #expect(redis.proxy.log.split(separator: "\n").count == 1, "\(redis.proxy.log)")
    }

    @Test("a client that is closed for its own doing is named in the log by the address in its header")
    func named() throws {
        let redis = try self.redis(["PROTECTED_MODE": "off"])
        let client = try redis.connection()
        try client.send(header(for: stranger))
        try client.send("CLIENT REPLY OFF\r\nMULTI\r\nCLIENT REPLY ON\r\n")
        _ = try client.receiveToEnd()
        try eventually("it is named: \(redis.proxy.log)") { redis.proxy.log.contains("client=203.0.113.9:40000") }
    }
}
