import TestSupport

/// A state in which a client may leave its session, and how it gets there.
struct SessionInState: Sendable, CustomStringConvertible {
    let description: String
    /// What the client sends, in one write for each, and how many replies it reads then.
    let exchanges: [Exchange]
    /// What `CLIENT LIST` says of it at the server, where there is no reply to wait for.
    var seen: String?
    /// Of the client's socket; small for one that is not to take what it is sent.
    var receiveBuffer: Int32?

    init(_ description: String, _ exchanges: Exchange..., seen: String? = nil, receiveBuffer: Int32? = nil) {
        self.init(description, exchanges, seen: seen, receiveBuffer: receiveBuffer)
    }

    private init(_ description: String, _ exchanges: [Exchange], seen: String? = nil, receiveBuffer: Int32? = nil) {
        self.description = description
        self.exchanges = exchanges
        self.seen = seen
        self.receiveBuffer = receiveBuffer
    }

    /// Brings a new session into the state.
    func enter(_ redis: ProxiedRedis) throws -> RawConnection {
        let connection = try RawConnection(port: redis.proxy.port, receiveBuffer: receiveBuffer)
        for exchange in exchanges {
            try connection.send(exchange.bytes)
            _ = try connection.receiveReplies(exchange.replies)
        }
        return connection
    }
}

extension SessionInState {
    /// Each state of ``SessionConversation``, after each of its commands.
    static let conversations: [SessionInState] = SessionConversation.all.flatMap { conversation in
        conversation.steps.indices.map { last in
            let steps = conversation.steps[...last]
            let exchanges = steps.map { Exchange.commands($0.command, replies: $0.beginning == "" ? 0 : 1) }
            let place = conversation.steps.count == 1 ? "" : ", after \(steps[last].command)"
            return SessionInState(conversation.name + place, exchanges)
        }
    }

    /// What a server that answers leaves unanswered, and what is only received in part.
    static let unanswered: [SessionInState] = [
        SessionInState("connected"),
        SessionInState("a miss and a hit", .commands("GET k", "GET k")),
        SessionInState("reads and writes on a shared connection", .commands("SET k v", "GET k", "STRLEN k", "INCR n")),
        SessionInState("half an inline command", .raw("GET ", replies: 0)),
        SessionInState("half a command", .raw("*2\r\n$3\r\nGET\r\n$5\r\nab", replies: 0)),
        SessionInState("half a large command", .raw(largeCommand, replies: 0)),
        SessionInState("a command behind half a transaction", .commands("MULTI", "SET own v")),
        SessionInState(
            "an error in a large command", .raw("PING\r\n" + brokenLargeCommand, replies: 2)),
        SessionInState("a blocked pop", .commands("BLPOP q 0", replies: 0), seen: " cmd=blpop "),
        SessionInState(
            "commands behind a blocked pop", .commands("BLPOP q 0", "SET k v", "GET k", replies: 0), seen: " cmd=blpop "
        ),
        SessionInState(
            "much behind a blocked pop that waits for its reply",
            .raw("BLPOP q 0\r\nCLIENT REPLY SKIP\r\n" + String(repeating: "SET k v\r\n", count: 40_000), replies: 0),
            seen: " cmd=blpop "),
        SessionInState(
            "much behind QUIT behind a blocked pop",
            .raw("BLPOP q 0\r\nQUIT\r\n" + String(repeating: "SET k v\r\n", count: 40_000), replies: 0),
            seen: " cmd=blpop "),
        SessionInState(
            "a blocked read of a stream", .commands("XREAD BLOCK 0 STREAMS s $", replies: 0), seen: " cmd=xread "),
        SessionInState("WAIT behind a write", .commands("SET k v", "WAIT 9 0", replies: 1), seen: " cmd=wait "),
        SessionInState(
            "WAIT in one write with commands around it",
            .commands("SET k v", "WAIT 9 0", "SET k w", "GET k", replies: 1),
            seen: " cmd=wait "),
        SessionInState("PING and a wrong AUTH", .commands("PING", "AUTH nobody wrong", replies: 1)),
        SessionInState(
            "a subscription that EXEC hides, and UNSUBSCRIBE",
            .commands("MULTI", "PSUBSCRIBE p", "EXEC", "UNSUBSCRIBE", replies: 4)),
        SessionInState(
            "the same, and a protocol error",
            .commands("MULTI", "PSUBSCRIBE p", "EXEC", "UNSUBSCRIBE", replies: 4), .raw("*x\r\n", replies: 0)),
        SessionInState(
            "the same, and CLIENT REPLY OFF",
            .commands("MULTI", "PSUBSCRIBE p", "EXEC", "UNSUBSCRIBE", "CLIENT REPLY OFF", replies: 4)),
        SessionInState(
            "SUBSCRIBE with replies off",
            .commands(
                "CLIENT REPLY OFF", "SUBSCRIBE c", replies: ServerProgram.current.confirmsSilentSubscriptions ? 1 : 0)),
        SessionInState("MULTI with CLIENT REPLY OFF", .commands("MULTI", "CLIENT REPLY OFF", "SET k v", replies: 3)),
        SessionInState("SYNC", .commands("SYNC", replies: 0), seen: " flags=S "),
        SessionInState("a client of RESP3 that tracks by broadcast", .commands("HELLO 3", "CLIENT TRACKING ON BCAST")),
        SessionInState("a script, and QUIT unread", .commands("EVAL return{1} 0", "QUIT", replies: 0)),
        SessionInState(
            "large replies of the server's, unread",
            .commands(
                "SETRANGE big 3000000 x", "GETRANGE big 0 -1", "GETRANGE big 0 -1", "GETRANGE big 0 -1",
                "GETRANGE big 0 -1", replies: 1),
            receiveBuffer: 4_096),
        SessionInState(
            "large answers from the cache, unread",
            .commands(
                "SETRANGE mid 2000000 x", "GET mid", "GET mid", "GET mid", "GET mid", "GET mid", replies: 1),
            receiveBuffer: 4_096),
        SessionInState(
            "many small replies, unread",
            .raw(
                String(repeating: "ECHO \(String(repeating: "x", count: 500))\r\n", count: 12_000), replies: 1),
            receiveBuffer: 4_096),
        SessionInState(
            "QUIT behind large replies, unread",
            .commands(
                "SETRANGE big 3000000 x", "GETRANGE big 0 -1", "GETRANGE big 0 -1", "QUIT", replies: 1),
            receiveBuffer: 4_096),
    ]

    /// On a server that lets nobody write.
    static let paused: [SessionInState] = [
        SessionInState("a write", .commands("SET k v", replies: 0)),
        SessionInState("a read behind a write", .commands("SET k v", "GET k", replies: 0)),
        SessionInState("a script", .commands("EVAL return{redis.call('SET','k','v')} 1 k", replies: 0)),
        SessionInState("EXEC", .commands("MULTI", "SET k v", "EXEC", replies: 1)),
        SessionInState("a write of a session with a name", .commands("CLIENT SETNAME me", "SET k v", replies: 1)),
        SessionInState(
            "a large write", .raw(largeCommand + String(repeating: "v", count: 100_000) + "\r\n", replies: 0)),
    ]

    /// On a server that says nothing.
    static let silent: [SessionInState] = [
        SessionInState("a write", .commands("SET k v", replies: 0)),
        SessionInState("a script", .commands("EVAL return{redis.call('SET','k','v')} 1 k", replies: 0)),
        SessionInState("half a large write", .raw(largeCommand, replies: 0)),
        SessionInState(
            "a large write", .raw(largeCommand + String(repeating: "v", count: 100_000) + "\r\n", replies: 0)),
        SessionInState("a miss", .commands("GET nosuch", replies: 0)),
        SessionInState("a write behind a miss", .commands("GET nosuch", "SET k v", replies: 0)),
        SessionInState("several keys", .commands("MGET a b", replies: 0)),
        SessionInState("SUBSCRIBE", .commands("SUBSCRIBE c", replies: 0)),
        SessionInState("a blocked pop", .commands("BLPOP q 0", replies: 0)),
        SessionInState("MONITOR", .commands("MONITOR", replies: 0)),
        SessionInState("INFO", .commands("INFO", replies: 0)),
    ]

    /// While what the server announces does not come.
    static let unannounced: [SessionInState] = [
        SessionInState("a read behind a write", .commands("SET k v"), .commands("GET k", replies: 0)),
        SessionInState("a script", .commands("EVAL return{redis.call('SET','k','v')} 1 k", replies: 0)),
        SessionInState("a script behind a name", .commands("CLIENT SETNAME me", "EVAL return{1} 0", replies: 1)),
    ]

    /// What has the proxy open whatever it then keeps ready for others.
    static func usual(password: String?) -> [SessionInState] {
        let auth = password.map { "AUTH \($0)" } ?? "PING"
        return (0..<4).flatMap { _ in
            [
                SessionInState("RESP2", .commands(auth), .commands("SET k v", "GET k", "MULTI", "EXEC", "DEL k")),
                SessionInState(
                    "RESP3", .commands(auth, "HELLO 3"), .commands("SET k v", "GET k", "MULTI", "EXEC", "DEL k")),
            ]
        }
    }

    /// Where there is no server.
    static let alone: [SessionInState] = [
        SessionInState("a relayed command", .commands("INCR n")),
        SessionInState("a read", .commands("GET k")),
        SessionInState("half a large write", .raw(largeCommand, replies: 1)),
        SessionInState("an error in a large command", .raw(brokenLargeCommand, replies: 1)),
    ]

    private static let largeCommand =
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$200000\r\n" + String(repeating: "v", count: 100_000)
    private static let brokenLargeCommand =
        "*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$70000\r\n" + String(repeating: "v", count: 70_000) + "\r\nX4\r\n"
}
