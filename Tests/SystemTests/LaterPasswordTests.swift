import TestSupport
import Testing

@Suite("a password that the server is given while sessions are open", .blocking)
struct LaterPasswordTests {
    @Test("binds who comes later, for cached values too, and nobody who is there", arguments: ["expiry", "auto"])
    func laterPassword(coherence: String) throws {
        let redis = try ProxiedRedis(["CACHE_COHERENCE": coherence])
        try redis.server.command("SET", "k", "v")
        let early = try redis.connection()
        #expect(try early.roundTrip("GET", "k") == "$1\r\nv\r\n")
        #expect(try early.roundTrip("SET", "other", "x") == "+OK\r\n")
        #expect(try redis.http.get("/k").status == 200)
        let straight = try redis.straight()
        _ = try straight.roundTrip("CONFIG", "SET", "requirepass", "secret")
        try eventually("new sessions are asked for it, on every event loop") {
            try (0..<8).allSatisfy { _ in
                let late = try redis.connection()
                return try late.roundTrip("GET", "k") == "-NOAUTH Authentication required.\r\n"
                    && late.roundTrip("SET", "k", "w").hasPrefix("-NOAUTH")
            }
        }
        try eventually("over HTTP too") { try (0..<8).allSatisfy { _ in try redis.http.get("/k").status == 401 } }
        #expect(try redis.http.get("/k", user: "default:secret").status == 200)
        #expect(try early.roundTrip("GET", "k") == "$1\r\nv\r\n", "who was let in stays so")
        #expect(try early.roundTrip("SET", "other", "y") == "+OK\r\n")
        let late = try redis.connection()
        #expect(try late.roundTrip("AUTH", "secret") == "+OK\r\n")
        #expect(try late.roundTrip("GET", "k") == "$1\r\nv\r\n")
        _ = try straight.roundTrip("CONFIG", "SET", "requirepass", "")
        try eventually("and let in again without") {
            try (0..<8).allSatisfy { _ in try redis.connection().roundTrip("GET", "k") == "$1\r\nv\r\n" }
        }
    }

    /// What gets a session a connection of its own, or may be answered from what others have.
    private static let commands = [
        ["SELECT", "0"], ["SET", "k", "v"], ["GET", "k"], ["MULTI"], ["BLPOP", "nosuch", "0.01"], ["SUBSCRIBE", "c"],
        ["EVAL", "return 1", "0"],
    ]

    @Test("who logs in just after it was set stays logged in, whatever comes next", arguments: commands)
    func loggedInAtOnce(command: [String]) throws {
        let redis = try ProxiedRedis(["THREADS": "1"])
        try redis.server.command("SET", "k", "v")
        let straight = try redis.straight()
        try letsIn(redis, straight)
        for round in 1...4 {
            // These take the connections that stand ready; what is opened in their place is not logged in.
            let early = try (0..<3).map { _ in try redis.connection() }
            for session in early { #expect(try session.roundTrip("PING") == "+PONG\r\n") }
            _ = try straight.roundTrip("CONFIG", "SET", "requirepass", "secret")
            for session in early { _ = try session.roundTrip("SELECT", "15") }
            for _ in 0..<3 {
                let late = try redis.connection()
                #expect(try late.roundTrip("AUTH", "secret") == "+OK\r\n")
                for _ in 0..<3 {
                    try late.send(encodeCommand(command.map { Array($0.utf8) }))
                    let reply = String(decoding: try late.receiveReply(), as: UTF8.self)
                    #expect(!reply.hasPrefix("-NOAUTH") && !reply.hasPrefix("-ERR redis-proxy"), "\(reply)")
                    if command == ["MULTI"] { _ = try late.roundTrip("DISCARD") }
                }
            }
            _ = try straight.roundTrip("CONFIG", "SET", "requirepass", "")
            try letsIn(redis, straight, round: round)
        }
    }

    @Test("who was let in before can still go into any state", arguments: ["2", "3"])
    func letInBefore(version: String) throws {
        let redis = try ProxiedRedis(["THREADS": "1"])
        let straight = try redis.straight()
        try letsIn(redis, straight)
        let early = try (0..<4).map { _ in try redis.connection() }
        for _ in 0..<2 {
            for session in early {
                _ = try session.roundTrip("HELLO", version)
                #expect(try session.roundTrip("SET", "k", "v") == "+OK\r\n")
            }
        }
        try eventually("connections stand ready") {
            try redis.server.info("connected_clients").flatMap { Int($0) } ?? 0 >= 7
        }
        _ = try straight.roundTrip("CONFIG", "SET", "requirepass", "secret")
        for _ in 0..<2 {
            for session in early {
                #expect(try session.roundTrip("MULTI") == "+OK\r\n")
                #expect(try session.roundTrip("SET", "k", "v") == "+QUEUED\r\n")
                #expect(try session.roundTrip("EXEC") == "*1\r\n+OK\r\n")
                #expect(try session.roundTrip("EVAL", "return 1", "0") == ":1\r\n")
            }
        }
        let late = try redis.connection()
        try eventually("it is asked for") { try redis.connection().roundTrip("PING").hasPrefix("-NOAUTH") }
        for session in early { #expect(try session.roundTrip("SELECT", "15") == "+OK\r\n") }
        for session in early { #expect(try session.roundTrip("SET", "k", "v") == "+OK\r\n") }
        #expect(try late.roundTrip("PING").hasPrefix("-NOAUTH"))
    }

    @Test("a connection on which a client was not logged in, or has logged out by RESET, is nobody else's")
    func notPassedOn() throws {
        let redis = try ProxiedRedis(["THREADS": "1"])
        let straight = try redis.straight()
        for round in 1...3 {
            _ = try straight.roundTrip("CONFIG", "SET", "requirepass", "secret")
            try eventually("it is asked for") { try redis.connection().roundTrip("PING").hasPrefix("-NOAUTH") }
            let strangers = try (0..<3).map { _ in try redis.connection() }
            for stranger in strangers { #expect(try stranger.roundTrip("PING").hasPrefix("-NOAUTH")) }
            for stranger in strangers[..<2] {
                #expect(try stranger.roundTrip("AUTH", "secret") == "+OK\r\n")
                #expect(try stranger.roundTrip("RESET") == "+RESET\r\n")
            }
            _ = try straight.roundTrip("CONFIG", "SET", "requirepass", "")
            try letsIn(redis, straight, round: round)
            for stranger in strangers { #expect(try stranger.roundTrip("PING") == "+PONG\r\n") }
            let early = try (0..<3).map { _ in try redis.connection() }
            for session in early { #expect(try session.roundTrip("SET", "k", "v") == "+OK\r\n") }
            _ = try straight.roundTrip("CONFIG", "SET", "requirepass", "secret")
            for session in early { #expect(try session.roundTrip("EVAL", "return 1", "0") == ":1\r\n") }
        }
    }

    @Test("once it is taken away, nobody is held any more to the limits of those who have not logged in")
    func takenAway() throws {
        // Seldom enough that nobody looks at the server in between.
        let redis = try ProxiedRedis(["TRACKING_HEARTBEAT": "5", "THREADS": "1"])
        let straight = try redis.straight()
        try letsIn(redis, straight)
        let many = ["DEL"] + (1...20).map { "k\($0)" }
        let long = ["SET", "k", String(repeating: "v", count: 20_000)]
        for (refusal, command) in [("bulk", long), ("multibulk", many)] {
            _ = try straight.roundTrip("CONFIG", "SET", "requirepass", "secret")
            try eventually("it is asked for") { try redis.connection().roundTrip("PING").hasPrefix("-NOAUTH") }
            let refused = try redis.connection()
            try refused.send(encodeCommand(command.map { Array($0.utf8) }))
            #expect(
                try String(decoding: refused.receiveToEnd().bytes, as: UTF8.self)
                    == "-ERR Protocol error: unauthenticated \(refusal) length\r\n")
            let early = try redis.connection()
            #expect(try early.roundTrip("PING").hasPrefix("-NOAUTH"))
            _ = try straight.roundTrip("CONFIG", "SET", "requirepass", "")
            for client in [early, try redis.connection()] {
                // The end comes while the server is being asked.
                let bytes = [command, long, many].flatMap { encodeCommand($0.map { Array($0.utf8) }) }
                try client.send(Array(bytes.dropLast(5)))
                try client.send(Array(bytes.suffix(5)))
                let replies = try client.receiveReplies(3)
                #expect(replies.hasSuffix("+OK\r\n:0\r\n"), "\(replies)")
            }
        }
    }

    /// Waits until who gives no password is let in, and shares a connection.
    private func letsIn(_ redis: ProxiedRedis, _ straight: RawConnection, round: Int = 0) throws {
        // One that nobody has said before, whose connection may still stand.
        let command = ["STRLEN", "TTL", "LLEN", "SCARD", "HLEN", "ZCARD"][round]
        try eventually("sessions share") {
            let sessions = try (0..<2).map { _ in try redis.connection() }
            // What a client says first is not shared.
            for session in sessions where try session.roundTrip("PING") != "+PONG\r\n" { return false }
            for session in sessions where try !session.roundTrip(command, "nosuch").hasPrefix(":") { return false }
            let clients = try straight.roundTrip("CLIENT", "LIST").split(separator: "\n")
            return clients.filter { $0.contains(" cmd=\(command.lowercased()) ") }.count == 1
        }
    }
}
