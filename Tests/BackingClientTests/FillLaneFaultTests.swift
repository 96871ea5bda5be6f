import BackingClient
import NIOCore
import Synchronization
import TestSupport
import Testing

@Suite("A fill lane and a backing that misbehaves", .serialized)
struct FillLaneFaultTests {
    /// Reads the handshake and answers it.
    private static func greet(_ connection: RawConnection) throws {
        _ = try connection.receive(through: "COMMAND\r\n")
        try connection.send("*0\r\n")
    }

    @Test("nothing listens: one clear error at once, and one warning for all attempts")
    func refused() async throws {
        let port = try freePort()
        try await withLane(.local(port: port)) { lane in
            for _ in 0..<5 {
                let error = try #require(try await lane.fetch("k").error)
                #expect(error.code == .unavailable)
                #expect(
                    error.description
                        == "ERR redis-proxy: the backing Redis at 127.0.0.1:\(port) is not reachable: connection refused"
                )
            }
            try await until("it keeps trying") { lane.observer.errors.count >= 4 }
            #expect(lane.log.lines(.warning).count == 1)
        }
    }

    @Test("a name that does not resolve")
    func unresolved() async throws {
        let address = BackingAddress.tcp(host: "no-such-host.invalid", port: 6379)
        try await withLane(BackingConfiguration(address: address, connectTimeout: .seconds(20))) { lane in
            let error = try #require(try await lane.fetch("k").error)
            #expect(error.code == .unavailable)
            #expect(error.description.hasSuffix("is not reachable: the name does not resolve"))
        }
    }

    @Test("a name with several addresses of which one answers")
    func localhost() async throws {
        let server = try RedisServer()
        let address = BackingAddress.tcp(host: "localhost", port: server.port)
        try await withLane(BackingConfiguration(address: address)) { lane in
            try await lane.expect("k", .absent)
        }
    }

    @Test("killed and back: waiters fail, others fail fast, and it serves again afterwards")
    func killed() async throws {
        let server = try RedisServer()
        try await withLane(.local(server)) { lane in
            try await lane.untilReady()
            try server.kill()
            try await until("it is down") { !lane.observer.errors.isEmpty }
            try await until("fetches fail") {
                try await lane.fetch("k").error?.description.hasSuffix("connection refused") == true
            }
            try server.restart()
            try await lane.untilReady()
            try await lane.expect("k", .absent)
            #expect(lane.log.lines(.warning).count == 1)
            #expect(lane.log.lines(.info).count == 1)
        }
    }

    @Test("a server that is frozen: what waited times out, and after that it serves again")
    func frozen() async throws {
        let server = try RedisServer()
        let configuration = BackingConfiguration.local(server).with {
            $0.connectTimeout = .milliseconds(300)
            $0.commandTimeout = .milliseconds(300)
        }
        try await withLane(configuration) { lane in
            try await lane.untilReady()
            try server.freeze()
            let replies = try await lane.fetch(["a", "b"])
            for reply in replies {
                #expect(reply.outcome.error?.code == .timedOut)
                #expect(reply.outcome.error?.description.hasSuffix("did not answer within 0.3 s") == true)
            }
            // The kernel still accepts connections for it.
            #expect(try await lane.fetch("c").error != nil)
            server.thaw()
            try await until("it serves again") { try await lane.fetch("k") == .absent }
        }
    }

    @Test("a server that accepts and says nothing fails the fetch within the connect time-out")
    func blackHole() async throws {
        let fake = try FakeServer { connection in _ = try connection.receiveToEnd() }
        let configuration = BackingConfiguration.local(port: fake.port).with { $0.connectTimeout = .milliseconds(200) }
        try await withLane(configuration) { lane in
            let error = try #require(try await lane.fetch("k").error)
            // Unavailable, where the attempt that it might have waited for had failed before.
            #expect(error.code == .timedOut || error.code == .unavailable)
            #expect(error.description.hasSuffix("did not answer within 0.2 s"))
            try await until("it tries again") { fake.connections >= 3 }
        }
    }

    @Test("an idle connection whose PING is not answered is replaced")
    func silentWhenIdle() async throws {
        let fake = try FakeServer { connection in
            try Self.greet(connection)
            _ = try connection.receiveToEnd()
        }
        let configuration = BackingConfiguration.local(port: fake.port).with {
            $0.idleTimeout = .milliseconds(50)
            $0.commandTimeout = .milliseconds(100)
        }
        try await withLane(configuration) { lane in
            try await until("it is replaced") { lane.observer.ups >= 2 }
            #expect(lane.observer.errors.first?.code == .timedOut)
        }
    }

    @Test(
        "bytes that are not the reply: the connection is closed, its waiters hear why, and the next one serves",
        arguments: [
            "$abc\r\n", "?\r\n", "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n",
            "*1000000000\r\n", "+OK\r\n+OK\r\n", ">1\r\n:1\r\n", "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n$-2\r\n",
        ])
    func garbage(text: String) async throws {
        let visits = Mutex(0)
        let fake = try FakeServer { connection in
            try Self.greet(connection)
            _ = try connection.receive(through: "EXEC\r\n")
            guard
                visits.withLock({
                    $0 += 1; return $0
                }) == 1
            else {
                try connection.send("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n$1\r\nv\r\n:-1\r\n")
                _ = try connection.receiveToEnd()
                return
            }
            // Enough behind it that nothing waits for more.
            try connection.send(text + String(repeating: "x", count: 100))
            _ = try connection.receiveToEnd()
        }
        try await withLane(.local(port: fake.port)) { lane in
            for reply in try await lane.fetch(["a", "b"]) {
                #expect(reply.outcome.error?.code == .protocolViolation)
                #expect(reply.outcome.error?.description.contains("sent a reply that makes no sense") == true)
            }
            try await until("the next one serves") {
                try await lane.fetch("k") == .value(.text("v"), timeToLive: nil)
            }
        }
    }

    @Test("an endless line and endless nesting end the connection")
    func endless() async throws {
        for piece in ["x", "*2\r\n"] {
            let fake = try FakeServer { connection in
                try Self.greet(connection)
                _ = try connection.receive(through: "EXEC\r\n")
                if piece == "x" { try connection.send("+") }
                while true { try connection.send(String(repeating: piece, count: 1000)) }
            }
            try await withLane(.local(port: fake.port)) { lane in
                let outcome = try await lane.fetch("k")
                #expect(outcome.error?.code == .protocolViolation)
            }
        }
    }

    @Test(
        "half a reply, then the end or a reset: the waiter hears that the connection was closed",
        arguments: [true, false])
    func halfReply(reset: Bool) async throws {
        let fake = try FakeServer { connection in
            try Self.greet(connection)
            _ = try connection.receive(through: "EXEC\r\n")
            try connection.send("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n$10\r\n01234")
            if reset { connection.reset() }
        }
        try await withLane(.local(port: fake.port)) { lane in
            let error = try #require(try await lane.fetch("k").error)
            #expect(error.code == .unavailable)
            #expect(
                error.description
                    == "ERR redis-proxy: the backing Redis at 127.0.0.1:\(fake.port) closed the connection")
        }
    }

    @Test("a server that sends one byte at a time is understood")
    func slowBytes() async throws {
        let value = String(repeating: "v", count: 300)
        let fake = try FakeServer { connection in
            func drip(_ text: String) throws {
                for byte in text.utf8 { try connection.send([byte]) }
            }
            _ = try connection.receive(through: "COMMAND\r\n")
            try drip("*1\r\n*2\r\n$3\r\nget\r\n:2\r\n")
            while true {
                _ = try connection.receive(through: "EXEC\r\n")
                try drip("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n$300\r\n\(value)\r\n:77\r\n")
            }
        }
        try await withLane(.local(port: fake.port).with { $0.maxValueSize = 300 }) { lane in
            for reply in try await lane.fetch(["a", "b"]) {
                #expect(reply.outcome == .value(.text(value), timeToLive: 77))
            }
            #expect(lane.observer.events == [.up(commandTable: .text("*1\r\n*2\r\n$3\r\nget\r\n:2\r\n"))])
        }
        try await withLane(.local(port: fake.port).with { $0.maxValueSize = 299 }) { lane in
            for reply in try await lane.fetch(["a", "b"]) { #expect(reply.outcome == .tooLarge(length: 300)) }
        }
    }

    @Test("the end of a connection with nobody waiting is made good without a failed fetch")
    func closedWhileIdle() async throws {
        let server = try RedisServer()
        try await withLane(.local(server)) { lane in
            try await lane.untilReady()
            try server.command("CLIENT", "KILL", "TYPE", "normal")
            try await until("it is up again") { lane.observer.ups == 2 }
            try await lane.expect("k", .absent)
        }
    }
}
