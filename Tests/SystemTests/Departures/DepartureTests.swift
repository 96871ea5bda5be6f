import Foundation
import TestSupport
import Testing

/// The promise is 5 s; the limits here leave a busy machine twice that, and more where a client that has only ended its side may be given
/// `REDIS_COMMAND_TIMEOUT` (10 s) to read.
@Suite("nothing is kept for a client that is gone", .blocking)
struct DepartureTests {
    private static let limit = Duration.seconds(10)

    @Test("whatever state it leaves its session in, and however")
    func anyState() throws {
        let states = SessionInState.conversations + SessionInState.unanswered
        let stage = try DepartureStage()
        // What is kept ready for the next client is there afterwards.
        try stage.expectNothingKept(of: states, leaving: .close, within: .seconds(60))
        try stage.rest()
        for way in WayOfLeaving.allCases {
            try stage.expectNothingKept(of: states, leaving: way, within: Self.limit)
        }
    }

    @Test("while the server lets nobody write")
    func paused() throws {
        let stage = try DepartureStage(publishes: false)
        try stage.rest()
        try stage.redis.server.command("CLIENT", "PAUSE", "600000", "WRITE")
        for way in WayOfLeaving.allCases {
            // Where no connection stood ready, a write went on a shared one, on which others' go on waiting.
            try stage.expectNothingKept(
                of: SessionInState.paused, leaving: way, within: Self.limit, sharedAnswer: false)
        }
        try stage.redis.server.command("CLIENT", "UNPAUSE")
        try stage.expectNothingKept(.close, within: Self.limit)
    }

    @Test("while the server is silent: no descriptor; once it goes on, nothing")
    func silent() throws {
        let stage = try DepartureStage(["REDIS_COMMAND_TIMEOUT": "2"])
        try stage.rest()
        for way in WayOfLeaving.allCases {
            try stage.redis.server.freeze()
            let states = Array(repeating: SessionInState.silent, count: 3).flatMap { $0 }
            let kept = try stage.enterAndLeave(states, way)
            try eventually(within: Self.limit, "no descriptors are left of \(states.count) clients, \(way)") {
                // The proxy's own reads go on trying.
                try stage.reader.ofProxy().descriptors <= stage.before.descriptors + 8
            }
            stage.redis.server.thaw()
            try stage.expectNothingKept(way, within: .seconds(30))
            withExtendedLifetime(kept) {}
        }
    }

    @Test("where there is no server")
    func alone() throws {
        let stage = try DepartureStage()
        try stage.redis.server.kill()
        try stage.restAlone()
        for way in WayOfLeaving.allCases {
            let kept = try stage.enterAndLeave(SessionInState.alone, way)
            try eventually(within: Self.limit, "nothing is left, \(way)") {
                try stage.reader.ofProxy().isWithin(stage.before)
            }
            withExtendedLifetime(kept) {}
        }
    }

    @Test("while what the server announces does not come, for which reads and replies wait")
    func unannounced() throws {
        let server = try RedisServer()
        let relay = try FaultyRelay(to: server, .none)
        let stage = try DepartureStage(server: server, behind: relay)
        try stage.rest()
        for way in WayOfLeaving.allCases {
            relay.swallow(.feed)
            let kept = try stage.enterAndLeave(SessionInState.unannounced, way)
            // Between the two sides of the network, connections of the proxy's own pile up.
            try eventually(within: Self.limit, "nothing is left, \(way)") {
                let now = try stage.reader.ofProxy()
                return now.descriptors <= stage.before.descriptors && now.sessions == 0
            }
            relay.release()
            try stage.expectNothingKept(way, within: .seconds(30))
            withExtendedLifetime(kept) {}
        }
    }

    @Test("what it had sent whole is done all the same")
    func isDone() throws {
        let redis = try ProxiedRedis()
        for way in [WayOfLeaving.close, .reset, .halfClose, .cutCommand] {
            try redis.server.command("DEL", "own", "shared", "behind")
            // As much as the proxy reads at once: what is still in a socket when its client is gone is lost, straight as well.
            let own = try redis.connection()
            try own.send("CLIENT SETNAME me\r\n" + String(repeating: "INCR own\r\n", count: 100))
            _ = way.leave(own)
            let shared = try redis.connection()
            try shared.send(String(repeating: "INCR shared\r\n", count: 100))
            _ = way.leave(shared)
            let behind = try redis.connection()
            try behind.send("GET \(way.rawValue.filter(\.isLetter))\r\nINCR behind\r\n")
            _ = way.leave(behind)
            let done = Reply.array([.text("100"), .text("100"), .text("1")])
            try eventually("all is done after \(way)") {
                try redis.server.command("MGET", "own", "shared", "behind") == done
            }
        }
    }

    @Test("a client that has ended its side is given what comes late")
    func lateReply() throws {
        let redis = try ProxiedRedis()
        try redis.awaitFillLanes()
        let sleeper = try redis.straight()
        try sleeper.sendCommand("DEBUG", "SLEEP", "2")
        let clients = try ["SET k v", "EVAL return{1} 0", "GET k"].map { command in
            let client = try redis.connection()
            try client.send(command + "\r\n")
            client.finishSending()
            return client
        }
        #expect(try clients[0].receiveToEnd().bytes == Array("+OK\r\n".utf8))
        #expect(try clients[1].receiveToEnd().bytes == Array("*1\r\n:1\r\n".utf8))
        let read = try printable(clients[2].receiveToEnd().bytes)
        #expect(read.hasPrefix("$"), "\(read)")
    }

    @Test(
        "a reply that never comes keeps nothing that a client sends behind it from the server",
        .enabled(if: !ServerProgram.current.swallowsProtocolErrors, .swallowedErrors))
    func missingReply() throws {
        let redis = try ProxiedRedis()
        let client = try redis.connection()
        try client.send("MULTI\r\nPSUBSCRIBE p\r\nEXEC\r\nUNSUBSCRIBE\r\nCLIENT REPLY SKIP\r\nPUNSUBSCRIBE\r\nPING\r\n")
        let straight = try redis.straight()
        try straight.send(
            "MULTI\r\nPSUBSCRIBE p\r\nEXEC\r\nUNSUBSCRIBE\r\nCLIENT REPLY SKIP\r\nPUNSUBSCRIBE\r\nPING\r\n")
        #expect(try client.receive(through: "+PONG\r\n") == straight.receive(through: "+PONG\r\n"))
        let broken = try redis.connection()
        try broken.send("MULTI\r\nPSUBSCRIBE p\r\nEXEC\r\nUNSUBSCRIBE\r\n*x\r\n")
        let expected = try redis.straight()
        try expected.send("MULTI\r\nPSUBSCRIBE p\r\nEXEC\r\nUNSUBSCRIBE\r\n*x\r\n")
        #expect(try broken.receiveToEnd().bytes == expected.receiveToEnd().bytes)
    }

    @Test("a log-in whose refusal never comes keeps nobody waiting, and nothing when its client is gone")
    func missingRefusal() throws {
        // As Redis 7.2 to 8.2 do behind a pending reply, redis/redis#15640.
        let server = try RedisServer(password: "secret")
        let relay = try FaultyRelay(to: server, .losing("-WRONGPASS"))
        let stage = try DepartureStage(["REDIS_PASSWORD": "secret"], server: server, behind: relay)
        try stage.rest()
        let states = (0..<5).map { SessionInState("\($0)", .commands("PING", "AUTH wrong", replies: 1)) }
        for way in WayOfLeaving.allCases {
            try stage.expectNothingKept(of: states, leaving: way, within: Self.limit)
        }
        let client = try stage.redis.connection()
        try client.send("PING\r\nAUTH wrong\r\n")
        #expect(try client.receiveReply().starts(with: "-NOAUTH".utf8))
        #expect(try client.roundTrip("PING").hasPrefix("-NOAUTH"))
        #expect(try client.roundTrip("AUTH", "secret") == "+OK\r\n")
        #expect(try client.roundTrip("PING") == "+PONG\r\n")
    }

    @Test("an error inside a command that is passed on as it comes is answered, behind the replies before it")
    func brokenLargeCommand() throws {
        let redis = try ProxiedRedis()
        for before in ["", "PING\r\nINCR n\r\n", "MULTI\r\n", "CLIENT SETNAME me\r\n"] {
            let command = "*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$70000\r\n" + String(repeating: "v", count: 70_000) + "\r\n"
            let replies = try [redis.connection(), redis.straight()].map { client in
                try redis.server.command("DEL", "n")
                try client.send(before + command.dropLast(100))
                pause(.milliseconds(20))
                try client.send(command.suffix(100) + "X4\r\n")
                return try printable(client.receiveToEnd().bytes)
            }
            #expect(replies[0] == replies[1])
        }
        #expect(try redis.server.command("EXISTS", "k") == .integer(0))
    }
}
