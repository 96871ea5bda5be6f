import TestSupport
import Testing

@Suite("a session's states, with a real server")
struct SessionConversationTests {
    /// By expiry, what is hit can be told from what the server holds; on one event loop there is one set of shared connections.
    private let redis: ProxiedRedis

    init() throws {
        redis = try ProxiedRedis.byExpiry(["THREADS": "1"])
        try redis.awaitSharing()
    }

    @Test(
        "it is answered from the cache, relayed or shares, as it should, after each reply",
        arguments: SessionConversation.all.filter { ServerProgram.current.isSince(redis: $0.since ?? []) })
    func standing(conversation: SessionConversation) throws {
        let connection = try redis.connection()
        var version = 2
        for step in conversation.steps {
            let words = step.command.split(separator: " ")
            try connection.send(encodeCommand(words.map { Array($0.utf8) }))
            switch step.beginning {
            case "": break
            case let beginning?:
                #expect(try connection.receiveReply().starts(with: beginning.utf8), "\(step.command)")
            case nil: #expect(try connection.receiveReply() == Array(step.reply.utf8), "\(step.command)")
            }
            if words[0] == "HELLO" { version = words[1] == "3" ? 3 : 2 }
            if words[0] == "RESET" { version = 2 }
            try expect(connection, step.standing, version: version, after: step.command)
        }
    }

    private func expect(
        _ connection: RawConnection, _ standing: SessionConversation.Standing, version: Int, after command: String
    ) throws {
        switch standing {
        case .queues, .listens: break
        case .closed: #expect(try connection.receiveToEnd().bytes.isEmpty)
        case .relayed where command == "CLIENT REPLY OFF": break
        case .relayed, .served, .shares:
            try redis.cache("hot", "cached", behind: "behind")
            let value = standing == .relayed ? "behind" : "cached"
            // In another database the key is not there.
            let reply = command.hasSuffix("SELECT 1") || command == "EXEC" && standing == .relayed ? "$-1\r\n" : nil
            #expect(
                try connection.roundTrip("GET", "hot") == reply ?? "$6\r\n\(value)\r\n", "after \(command)")
            if standing == .shares { try expectSharing(connection, version: version, after: command) }
        }
    }

    /// A command of this session and one of a new session go to the server on one connection.
    private func expectSharing(_ connection: RawConnection, version: Int, after command: String) throws {
        let other = try redis.connection()
        if version == 3 { _ = try other.roundTrip("HELLO", "3") }
        // What a client says first goes on a connection that stands ready.
        #expect(try other.roundTrip("PING") == "+PONG\r\n")
        for session in [other, connection] {
            // Nobody else says this.
            #expect(try session.roundTrip("STRLEN", "nosuch") == ":0\r\n")
        }
        let straight = try redis.straight()
        let clients = try straight.roundTrip("CLIENT", "LIST")
        // Redis 6 does not list the protocol version, by which those of the other can be told.
        guard clients.contains(" resp=") else { return }
        let count = clients.split(separator: "\n").filter {
            $0.contains(" cmd=strlen ") && $0.contains(" resp=\(version)")
        }
        #expect(count.count == 1, "after \(command): \(clients)")
    }
}
