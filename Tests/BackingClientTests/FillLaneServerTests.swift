import BackingClient
import NIOCore
import TestSupport
import Testing
import Time

@Suite("A fill lane on a real server", .serialized)
struct FillLaneServerTests {
    @Test("value, absence, time to live and a wrong type", arguments: [true, false])
    func outcomes(wrapped: Bool) async throws {
        let server = try RedisServer()
        try server.command("SET", "plain", "v")
        try server.command("SET", "short", "s", "PX", "100000")
        try server.command("SET", "empty", "")
        try server.command("RPUSH", "list", "x")
        try server.command("SET", "a b\r\n\"'", "odd")
        try await withLane(.local(server).with { $0.wrapsInTransaction = wrapped }) { lane in
            try await lane.untilReady()
            let before = MonotonicClock.now()
            let replies = try await lane.fetch(["plain", "short", "empty", "nosuch", "list", "a b\r\n\"'", "plain"])
            let outcomes = replies.map(\.outcome)
            #expect(outcomes[0] == .value(.text("v"), timeToLive: nil))
            guard case .value(.text("s"), let timeToLive?) = outcomes[1] else {
                Issue.record("\(outcomes[1])")
                return
            }
            #expect((50_000...100_000).contains(timeToLive))
            #expect(outcomes[2] == .value(.text(""), timeToLive: nil))
            #expect(outcomes[3] == .absent)
            #expect(outcomes[4].error?.code == .server)
            #expect(
                outcomes[4].error?.description == "WRONGTYPE Operation against a key holding the wrong kind of value")
            #expect(outcomes[5] == .value(.text("odd"), timeToLive: nil))
            #expect(outcomes[6] == outcomes[0])
            // One turn, one write.
            #expect(Set(replies.map(\.sent)).count == 1)
            #expect(replies[0].sent >= before && replies[0].sent <= MonotonicClock.now())
        }
    }

    @Test("the command table comes whole")
    func commandTable() async throws {
        let server = try RedisServer()
        try await withLane(.local(server)) { lane in
            try await lane.untilReady()
            guard case .up(let table?) = lane.observer.events.first else {
                Issue.record("\(lane.observer.events)")
                return
            }
            let commands = try server.command("COMMAND", "COUNT")
            #expect("\(commands)".contains(String(buffer: table).dropFirst().prefix { $0 != "\r\n" }))
            #expect(String(buffer: table).contains("$3\r\nget\r\n"))
        }
    }

    @Test("ten thousand fetches at once are answered, each with its own value")
    func pipelined() async throws {
        let server = try RedisServer()
        let client = try server.client()
        for number in 0..<10_000 { try client.append("SET", "key:\(number)", "value:\(number)") }
        _ = try client.replies(10_000)
        try await withLane(.local(server)) { lane in
            try await lane.untilReady()
            let replies = try await lane.fetch((0..<10_000).map { "key:\($0)" })
            let expected = (0..<10_000).map { FillReply.Outcome.value(.text("value:\($0)"), timeToLive: nil) }
            #expect(replies.map(\.outcome) == expected)
        }
    }

    @Test("fetches made before the connection stands are answered once it does")
    func early() async throws {
        let server = try RedisServer()
        try server.command("SET", "k", "v")
        try await withLane(.local(server)) { lane in
            try await lane.expect("k", .value(.text("v"), timeToLive: nil))
        }
    }

    @Test("a value over the limit is announced with its length, and the next fetch is right", arguments: [true, false])
    func tooLarge(wrapped: Bool) async throws {
        let server = try RedisServer()
        let client = try server.client()
        let fits = [UInt8](repeating: 0, count: (8 << 20) - 1) + [7]
        try client.command("SETRANGE", "large", "\((20 << 20) - 1)", "\u{7}")
        try client.command("SETRANGE", "fits", "\(fits.count - 1)", "\u{7}")
        try client.command("SET", "small", "s")
        try await withLane(.local(server).with { $0.wrapsInTransaction = wrapped }) { lane in
            let replies = try await lane.fetch(["small", "large", "small", "fits", "small"]).map(\.outcome)
            #expect(replies[1] == .tooLarge(length: 20 << 20))
            for index in [0, 2, 4] { #expect(replies[index] == .value(.text("s"), timeToLive: nil)) }
            #expect(replies[3] == .value(ByteBuffer(bytes: fits), timeToLive: nil))
        }
    }

    @Test("the configured database is the one that is read")
    func database() async throws {
        let server = try RedisServer()
        let client = try server.client()
        try client.command("SET", "k", "zero")
        try client.command("SELECT", "5")
        try client.command("SET", "k", "five")
        try await withLane(.local(server).with { $0.database = 5 }) { lane in
            try await lane.expect("k", .value(.text("five"), timeToLive: nil))
        }
        try await withLane(.local(server).with { $0.database = 99 }) { lane in
            let error = try #require(try await lane.fetch("k").error)
            #expect(error.description == "ERR DB index is out of range")
        }
    }

    @Test("a Unix socket, and one that does not exist")
    func unixSocket() async throws {
        let server = try RedisServer(unixSocket: true)
        let path = try #require(server.socketPath)
        try await withLane(BackingConfiguration(address: .unix(path: path))) { lane in
            try await lane.expect("k", .absent)
        }
        try await withLane(BackingConfiguration(address: .unix(path: "\(path).not"))) { lane in
            let error = try #require(try await lane.fetch("k").error)
            #expect(error.code == .unavailable)
            #expect(
                error.description == "ERR redis-proxy: the backing Redis at \(path).not is not reachable: no such file")
        }
    }

    @Test("it logs in, by password alone or as a user")
    func login() async throws {
        let server = try RedisServer(password: "secret", users: ["reader on >word ~* +get +pttl +multi +exec +command"])
        try await withLane(.local(server).with { $0.password = Array("secret".utf8) }) { lane in
            try await lane.expect("k", .absent)
        }
        let user = BackingConfiguration.local(server).with {
            $0.username = "reader"
            $0.password = Array("word".utf8)
        }
        try await withLane(user) { lane in try await lane.expect("k", .absent) }
    }

    @Test("a wrong password is the server's error, at once, and stands in no log line")
    func wrongPassword() async throws {
        let server = try RedisServer(password: "secret")
        try await withLane(.local(server).with { $0.password = Array("hunter2-guess".utf8) }) { lane in
            for _ in 0..<3 {
                let error = try #require(try await lane.fetch("k").error)
                #expect(error.code == .server)
                #expect(error.description == "WRONGPASS invalid username-password pair or user is disabled.")
            }
            try await until("it tries again") { lane.observer.errors.count >= 4 }
            #expect(lane.log.lines(.warning).count == 1)
            #expect(!lane.log.everything.contains { $0.contains("hunter2") })
            #expect(lane.observer.ups == 0)
        }
    }

    @Test("a server that does not know AUTH does not get the password into an error or a log line")
    func renamedAuth() async throws {
        let server = try RedisServer(arguments: ["--rename-command", "AUTH", ""])
        try await withLane(.local(server).with { $0.password = Array("hunter2-guess".utf8) }) { lane in
            let error = try #require(try await lane.fetch("k").error)
            #expect(error.description == "ERR unknown command 'AUTH'")
            #expect(!lane.log.everything.contains { $0.contains("hunter2") })
        }
    }

    @Test(
        "without a password where one is needed, the lane is up without a table and fetches get the server's own error")
    func noPassword() async throws {
        let server = try RedisServer(password: "secret")
        try await withLane(.local(server)) { lane in
            try await lane.untilReady()
            #expect(lane.observer.events == [.up(commandTable: nil)])
            let error = try #require(try await lane.fetch("k").error)
            #expect(error == BackingError(code: .server, message: Array("NOAUTH Authentication required.".utf8)))
        }
    }

    @Test("a user who may not PTTL gets that error, one who may not MULTI gets values that are not stored")
    func permissions() async throws {
        let server = try RedisServer(
            users: ["bare on >word ~* +get +pttl +exec +command", "blind on >word ~* +get +multi +exec +command"])
        try server.command("SET", "k", "v")
        let configuration = BackingConfiguration.local(server).with { $0.password = Array("word".utf8) }
        try await withLane(configuration.with { $0.username = "bare" }) { lane in
            try await lane.expect("k", .unstorable(.text("v")))
            try await lane.expect("nosuch", .absent)
        }
        try await withLane(configuration.with { $0.username = "blind" }) { lane in
            let error = try #require(try await lane.fetch("k").error)
            #expect(error.description == "NOPERM this user has no permissions to run the 'pttl' command")
        }
    }

    @Test("a server at its limit of clients is a clear error, and the lane comes up once there is room")
    func clientLimit() async throws {
        let server = try RedisServer(arguments: ["--maxclients", "1"])
        // The connection that saw the server come up may be counted a moment longer.
        var holder = try server.client()
        try await until("the only place is taken") {
            if (try? holder.command("PING").string) == "PONG" { return true }
            holder = try server.client()
            return false
        }
        try await withLane(.local(server)) { lane in
            try await until("it is refused") { !lane.observer.errors.isEmpty }
            let texts = lane.observer.errors.map(\.description)
            #expect(
                texts.allSatisfy { $0 == "ERR max number of clients reached" || $0.contains("closed the connection") })
            try holder.command("CONFIG", "SET", "maxclients", "10")
            try await lane.untilReady()
        }
    }

    @Test("an idle connection is kept up with PING, and no fetch notices")
    func idle() async throws {
        let server = try RedisServer()
        try await withLane(.local(server).with { $0.idleTimeout = .milliseconds(20) }) { lane in
            try await lane.untilReady()
            try await until("it pings") { try server.calls(of: "ping") >= 5 }
            try await lane.expect("k", .absent)
            #expect(lane.observer.errors.isEmpty)
        }
    }

    @Test("a lane that was closed answers that, once to each")
    func closed() async throws {
        let server = try RedisServer()
        let lane = try await LaneUnderTest(.local(server))
        try await lane.untilReady()
        try server.freeze()
        async let waiting = lane.fetch(["a", "b"])
        try await until("the fetches are under way") { try await lane.isReady }
        try await lane.close()
        for reply in try await waiting { #expect(reply.outcome.error?.code == .unavailable) }
        #expect(try await lane.fetch("c").error?.code == .unavailable)
        server.thaw()
        try await until("its connection is gone") { try server.info("connected_clients") == "1" }
    }
}
