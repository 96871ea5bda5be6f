import Foundation
import TestSupport
import Testing

/// The helpers themselves, against the real server: a helper that sees what is not there would make every promise green.
@Suite("the helpers of the system tests", .blocking)
struct TestSupportTests {
    @Test("hiredis' client carries every byte value and sees every kind of reply")
    func hiredisClient() throws {
        let server = try RedisServer()
        let client = try server.client()
        let every = [UInt8](0...255)
        #expect(try client.command([Array("SET".utf8), every, every + every]) == .status("OK"))
        #expect(try client.command([Array("GET".utf8), every]) == .bulk(every + every))
        #expect(try client.command("GET", "nosuch") == .null)
        #expect(try client.command("SET", "empty", "") == .status("OK"))
        #expect(try client.command("GET", "empty") == .bulk([]))
        #expect(try client.command("INCR", "n") == .integer(1))
        #expect(try client.command("LPUSH", "n", "x").isError("WRONGTYPE"))
        #expect(try client.command("MGET", "n", "nosuch") == .array([.text("1"), .null]))
        #expect(try server.calls(of: "mget") == 1)
    }

    @Test("the raw connection reads whole frames, closes and resets of both protocol versions")
    func rawConnection() throws {
        let server = try RedisServer()
        let connection = try RawConnection(port: server.port)
        #expect(try connection.roundTrip("HELLO", "3").hasPrefix("%7\r\n"))
        #expect(try connection.roundTrip("GET", "nosuch") == "_\r\n")
        #expect(try connection.roundTrip("PING") == "+PONG\r\n")
        #expect(try connection.staysSilent(for: .milliseconds(50)))
        try connection.send("PING\r\nECHO x\r\n")
        connection.finishSending()
        let rest = try connection.receiveToEnd()
        #expect(rest.bytes == Array("+PONG\r\n$1\r\nx\r\n".utf8))
        #expect(rest.closing == .end)
        let short = try RawConnection(port: server.port, limit: .milliseconds(100))
        #expect(throws: TestSupportError.self) { try short.receive(count: 1) }
    }

    @Test("the server can be frozen, thawed, killed and restarted on its port")
    func serverFaults() throws {
        let server = try RedisServer()
        try server.command("SET", "k", "v")
        try server.freeze()
        let connection = try RawConnection(port: server.port)
        try connection.send("PING\r\n")
        #expect(try connection.staysSilent(for: .milliseconds(100)))
        server.thaw()
        #expect(try connection.receiveReply() == Array("+PONG\r\n".utf8))
        try server.kill()
        #expect(try connection.receiveToEnd().bytes.isEmpty)
        #expect(throws: TestSupportError.self) { try RawConnection(port: server.port) }
        try server.restart()
        #expect(try server.command("GET", "k") == .null)
    }

    @Test("a server with a password, users or a Unix socket starts")
    func serverVariants() throws {
        let server = try RedisServer(password: "secret", users: ["reader on >pw ~* +get"])
        #expect(try server.command("PING") == .status("PONG"))
        #expect(try HiredisClient(port: server.port).command("GET", "k").isError("NOAUTH"))
        let reader = try HiredisClient(port: server.port)
        #expect(try reader.command("AUTH", "reader", "pw") == .status("OK"))
        #expect(try reader.command("SET", "k", "v").isError("NOPERM"))
        let local = try RedisServer(unixSocket: true)
        let path = try #require(local.socketPath)
        #expect(try run("redis-cli", ["-s", path, "PING"]).output == "PONG\n")
    }

    @Test("commands end with their output, errors and exit code")
    func commands() throws {
        let result = try run("sh", ["-c", "cat; echo oops >&2; exit 3"], input: Array("in".utf8))
        #expect(result.output == "in")
        #expect(result.errors == "oops\n")
        #expect(result.ending == .exited(3))
        let sleeper = try ChildProcess("sleep", ["100"])
        #expect(sleeper.isRunning)
        sleeper.signal(SIGTERM)
        #expect(try sleeper.wait() == .signalled(SIGTERM))
    }

    @Test("curl and the raw reader parse the same response")
    func http() throws {
        let body = "{\"a\":1}"
        let server = try FakeServer { connection in
            _ = try connection.receive(through: "\r\n\r\n")
            try connection.send("HTTP/1.1 200 OK\r\nX-Cache: HIT\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
        for response in [
            try HTTPClient(port: server.port).get("/a"), try RawConnection(port: server.port).httpGet("/a"),
        ] {
            #expect(response.status == 200)
            #expect(response["x-cache"] == "HIT")
            #expect(response.text == body)
        }
        #expect(server.connections == 2)
    }
}
