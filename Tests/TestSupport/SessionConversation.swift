/// What a client says to go into a state and out of it again, what the server answers, and how the session stands then.
///
/// Played twice: against the session's state machine, which is given the answers, and through the proxy against a real server.
public struct SessionConversation: Sendable, CustomStringConvertible {
    /// How a session stands towards the cache and the shared connections.
    public enum Standing: Sendable {
        /// Answered from the cache, and relayed on connections that others use too.
        case shares
        /// Answered from the cache; it has a connection of its own.
        case served
        /// Everything is relayed on a connection of its own.
        case relayed
        /// The same, and what it says is queued by the server until `EXEC`.
        case queues
        /// The same, and it may not ask for keys now.
        case listens
        /// The server has closed it.
        case closed
    }

    /// One command and its reply.
    public struct Step: Sendable {
        /// Its words, separated by blanks.
        public let command: String
        /// What the server answers; where the bytes differ from time to time, an example.
        public let reply: String
        /// What the client's reply begins with; nil: it is ``reply``, byte for byte. Empty: it gets none.
        public let beginning: String?
        /// How the session stands after the reply.
        public let standing: Standing
    }

    /// The state, or what brings it about.
    public let name: String
    /// In their order, on one connection.
    public let steps: [Step]
    /// The version of Redis that brought its commands; nil: all servers have them.
    public let since: [Int]?

    /// How a test's output names it.
    public var description: String { self.name }

    private init(_ name: String, since: [Int]? = nil, _ steps: Step...) {
        self.name = name
        self.steps = steps
        self.since = since
    }
}

extension SessionConversation {
    /// Every state that a session can go into and come out of.
    public static let all: [SessionConversation] = transactions + subscriptions + connections + moments

    private static let transactions = [
        SessionConversation(
            "MULTI and EXEC", .ok("MULTI", .queues), .says("SET own v", "+QUEUED\r\n", .queues),
            .says("EXEC", "*1\r\n+OK\r\n", .shares)),
        SessionConversation("MULTI and DISCARD", .ok("MULTI", .queues), .ok("DISCARD", .shares)),
        SessionConversation(
            "MULTI and a refused EXEC", .ok("MULTI", .queues),
            .says("GET", "-ERR wrong number of arguments for 'get' command\r\n", .queues),
            .says("EXEC", "-EXECABORT Transaction discarded because of previous errors.\r\n", .shares)),
        SessionConversation("WATCH and UNWATCH", .ok("WATCH own", .relayed), .ok("UNWATCH", .shares)),
        SessionConversation(
            "WATCH, MULTI and EXEC", .ok("WATCH own", .relayed), .ok("MULTI", .queues), .says("EXEC", "*0\r\n", .shares)
        ),
        SessionConversation(
            "MULTI and RESET", .ok("WATCH own", .relayed), .ok("MULTI", .queues), .says("RESET", "+RESET\r\n", .shares)),
        SessionConversation(
            "SELECT in a transaction", .ok("MULTI", .queues), .says("SELECT 1", "+QUEUED\r\n", .queues),
            .says("EXEC", "*1\r\n+OK\r\n", .relayed), .says("RESET", "+RESET\r\n", .shares)),
    ]

    private static let subscriptions = ["", "p", "s"].flatMap { kind in
        func confirmation(_ word: String, _ left: Int, type: String) -> String {
            "\(type)3\r\n$\(kind.count + word.count)\r\n\(kind)\(word)\r\n$1\r\nc\r\n:\(left)\r\n"
        }
        let (subscribe, unsubscribe) = ("\(kind)subscribe".uppercased(), "\(kind)unsubscribe".uppercased())
        return [
            SessionConversation(
                "\(subscribe) in RESP2", since: kind == "s" ? [7, 0] : nil,
                .says("\(subscribe) c", confirmation("subscribe", 1, type: "*"), .listens),
                .says("\(unsubscribe) c", confirmation("unsubscribe", 0, type: "*"), .shares)),
            SessionConversation(
                "\(subscribe) in RESP3", since: kind == "s" ? [7, 0] : nil, .hello3,
                // Until it says something else it may be there to listen only.
                .says("\(subscribe) c", confirmation("subscribe", 1, type: ">"), .relayed),
                .says("PING", "+PONG\r\n", .served),
                .says("\(unsubscribe) c", confirmation("unsubscribe", 0, type: ">"), .shares)),
        ]
    }

    private static let connections = [
        SessionConversation("HELLO 3 and HELLO 2", .hello3, .like("HELLO 2", "*14\r\n", map(of: 2), .shares)),
        SessionConversation(
            "HELLO with a name", .like("HELLO 3 SETNAME me", "%7\r\n", map(of: 3), .served),
            .says("RESET", "+RESET\r\n", .shares)),
        SessionConversation("SELECT", .ok("SELECT 1", .relayed), .ok("SELECT 0", .shares)),
        SessionConversation("AUTH", .ok("AUTH default anything", .shares)),
        SessionConversation(
            "CLIENT SETNAME and GETNAME", .ok("CLIENT SETNAME me", .served),
            .says("CLIENT GETNAME", "$2\r\nme\r\n", .served), .says("RESET", "+RESET\r\n", .shares)),
        SessionConversation(
            "CLIENT ID", .like("CLIENT ID", ":", ":7\r\n", .shares)),
        SessionConversation(
            "CLIENT ID in a transaction", .ok("MULTI", .queues), .says("CLIENT ID", "+QUEUED\r\n", .queues),
            .like("EXEC", "*1\r\n:", "*1\r\n:7\r\n", .served), .says("RESET", "+RESET\r\n", .served)),
        SessionConversation(
            "CLIENT INFO", .like("CLIENT INFO", "$", "$5\r\nid=7 \r\n", .served), .says("RESET", "+RESET\r\n", .shares)),
        SessionConversation(
            "CLIENT NO-EVICT", since: [7, 0], .ok("CLIENT NO-EVICT ON", .served), .ok("CLIENT NO-EVICT OFF", .served),
            .says("RESET", "+RESET\r\n", .served)),
        SessionConversation(
            "CLIENT REPLY OFF and ON", .silent("CLIENT REPLY OFF", .relayed), .ok("CLIENT REPLY ON", .shares)),
        SessionConversation(
            "CLIENT REPLY SKIP", .silent("CLIENT REPLY SKIP", .listens), .silent("PING", .shares)),
        SessionConversation(
            "CLIENT TRACKING", .hello3, .ok("CLIENT TRACKING ON", .relayed), .ok("CLIENT TRACKING OFF", .shares)),
        SessionConversation(
            "CLIENT CACHING", .hello3, .ok("CLIENT TRACKING ON OPTIN", .relayed), .ok("CLIENT CACHING YES", .listens),
            .ok("CLIENT TRACKING OFF", .served)),
        SessionConversation("MONITOR", .ok("MONITOR", .listens), .says("RESET", "+RESET\r\n", .shares)),
        SessionConversation("QUIT", .ok("QUIT", .closed)),
    ]

    /// States that last only as long as the command.
    private static let moments = [
        SessionConversation("a blocked pop that times out", .says("BLPOP own 0.01", "*-1\r\n", .shares)),
        SessionConversation("EVAL", .says("EVAL return{1} 0", "*1\r\n:1\r\n", .shares)),
        SessionConversation(
            "SCRIPT LOAD",
            .says("SCRIPT LOAD return{1}", "$40\r\n7da067d306ba2950a9b8ae9ef59deade71ff5b36\r\n", .shares)),
        SessionConversation("FCALL", since: [7, 0], .says("FCALL nosuch 0", "-ERR Function not found\r\n", .shares)),
        SessionConversation("WAIT", .says("WAIT 0 0", ":0\r\n", .shares)),
        SessionConversation("CLIENT LIST", .like("CLIENT LIST TYPE normal", "$", "$5\r\nid=7 \r\n", .shares)),
        SessionConversation("CLIENT KILL", .says("CLIENT KILL ID 999999", ":0\r\n", .served)),
        SessionConversation("CLIENT UNBLOCK", .says("CLIENT UNBLOCK 999999", ":0\r\n", .shares)),
        SessionConversation("CLIENT PAUSE", .ok("CLIENT PAUSE 0", .shares)),
        SessionConversation(
            "DEBUG", .ok("DEBUG SLEEP 0", .shares)),
        SessionConversation("ACL", .says("ACL WHOAMI", "$7\r\ndefault\r\n", .shares)),
        SessionConversation("FAILOVER", .says("FAILOVER ABORT", "-ERR No failover in progress.\r\n", .shares)),
        SessionConversation(
            "an unknown command",
            .like(
                "NOSUCH x", "-ERR unknown command", "-ERR unknown command 'NOSUCH', with args beginning with: 'x' \r\n",
                .shares)),
    ]

    private static func map(of version: Int) -> String { (version == 2 ? "*14\r\n" : "%7\r\n") + fields(version) }

    private static func fields(_ version: Int) -> String {
        "$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:\(version)\r\n$2\r\nid\r\n:7\r\n"
            + "$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"
    }
}

extension SessionConversation.Step {
    fileprivate static func says(_ command: String, _ reply: String, _ standing: SessionConversation.Standing) -> Self {
        Self(command: command, reply: reply, beginning: nil, standing: standing)
    }

    fileprivate static func ok(_ command: String, _ standing: SessionConversation.Standing) -> Self {
        says(command, "+OK\r\n", standing)
    }

    fileprivate static func like(
        _ command: String, _ beginning: String, _ example: String, _ standing: SessionConversation.Standing
    ) -> Self {
        Self(command: command, reply: example, beginning: beginning, standing: standing)
    }

    /// The proxy has the server answer, and keeps it from the client.
    fileprivate static func silent(_ command: String, _ standing: SessionConversation.Standing) -> Self {
        Self(command: command, reply: "+OK\r\n", beginning: "", standing: standing)
    }

    fileprivate static var hello3: Self {
        like("HELLO 3", "%7\r\n", "%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n", .shares)
    }
}
