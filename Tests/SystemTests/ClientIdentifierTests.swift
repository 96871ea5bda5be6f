import TestSupport
import Testing

/// Such an id works, wherever ids work, for its session and for no other.
@Suite("the ids that clients are told", .blocking)
struct ClientIdentifierTests {
    private static let versions = ["2", "3"]
    private static let threads = ["1", "2"]

    /// A client, and the id that `HELLO` told it; what it did since took its session to other connections.
    private func client(_ redis: ProxiedRedis, _ version: String) throws -> (connection: RawConnection, id: String) {
        let connection = try redis.connection()
        let hello = try connection.roundTrip("HELLO", version)
        let id = try #require(hello.split(separator: "\r\n").drop { $0 != "id" }.dropFirst().first).dropFirst()
        _ = try connection.roundTrip("INCR", "n")
        _ = try connection.roundTrip("MULTI")
        _ = try connection.roundTrip("EXEC")
        _ = try connection.roundTrip("INCR", "n")
        return (connection, String(id))
    }

    private func redis(_ threads: String) throws -> ProxiedRedis {
        let redis = try ProxiedRedis.byExpiry(["THREADS": threads])
        try redis.awaitSharing()
        return redis
    }

    @Test("are each client's own, none that the server could give, and cost no connection", arguments: versions)
    func unique(version: String) throws {
        let redis = try redis("2")
        let clients = try (0..<200).map { _ in try client(redis, version) }
        #expect(Set(clients.map(\.id)).count == clients.count)
        for (connection, id) in clients {
            #expect(try connection.roundTrip("CLIENT", "ID") == ":\(id)\r\n")
            let number = try #require(Int(id))
            #expect(number >= 1 << 52 && Int(exactly: Double(number)) == number && number < 1 << 53)
        }
        try eventually("connections are given back") {
            (try redis.server.info("connected_clients").flatMap { Int($0) } ?? .max) <= 24
        }
    }

    @Test("a client that is redirected to by the id that HELLO told it hears every change", arguments: threads)
    func redirected(threads: String) throws {
        let redis = try redis(threads)
        for _ in 0..<4 {
            let listener = try client(redis, "3")
            let reader = try client(redis, "3").connection
            let writer = try client(redis, "3").connection
            #expect(try reader.roundTrip("CLIENT", "TRACKING", "ON", "REDIRECT", listener.id) == "+OK\r\n")
            #expect(try reader.roundTrip("CLIENT", "GETREDIR") == ":\(listener.id)\r\n")
            #expect(try reader.roundTrip("CLIENT", "TRACKINGINFO").contains(":\(listener.id)\r\n"))
            for round in 0..<20 {
                _ = try reader.roundTrip("GET", "k")
                #expect(try writer.roundTrip("SET", "k", "\(round)") == "+OK\r\n")
                #expect(
                    try listener.connection.receiveReply()
                        == Array(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n".utf8))
            }
            #expect(try listener.connection.roundTrip("PING") == "+PONG\r\n")
            listener.connection.close()
            try eventually("the reader is told by the same id that nobody listens any more") {
                _ = try writer.roundTrip("SET", "k", "x")
                let reply = try reader.roundTrip("GET", "k")
                guard reply.hasPrefix(">") else { return false }
                #expect(reply == ">2\r\n$21\r\ntracking-redir-broken\r\n:\(listener.id)\r\n")
                return true
            }
        }
    }

    @Test("under RESP2 one that is subscribed to the announcements is redirected to by its CLIENT ID")
    func subscribed() throws {
        let redis = try redis("2")
        let listener = try client(redis, "2")
        let reader = try client(redis, "2").connection
        #expect(try reader.roundTrip("CLIENT", "TRACKING", "ON", "REDIRECT", listener.id) == "+OK\r\n")
        _ = try listener.connection.roundTrip("SUBSCRIBE", "__redis__:invalidate")
        _ = try reader.roundTrip("GET", "k")
        try redis.server.command("SET", "k", "v")
        #expect(String(decoding: try listener.connection.receiveReply(), as: UTF8.self).hasSuffix("*1\r\n$1\r\nk\r\n"))
    }

    @Test("a blocked client is unblocked by its id, and nobody else is", arguments: versions, threads)
    func unblocked(version: String, threads: String) throws {
        let redis = try redis(threads)
        let clients = try (0..<6).map { _ in try client(redis, version) }
        for (connection, _) in clients { try connection.send("BLPOP q 0\r\n") }
        try eventually("they are blocked") { try redis.server.info("blocked_clients") == "6" }
        let other = try redis.connection()
        for (connection, id) in clients.reversed() {
            #expect(try other.roundTrip("CLIENT", "UNBLOCK", id, "ERROR") == ":1\r\n")
            #expect(try connection.receiveReply().starts(with: "-UNBLOCKED".utf8))
            #expect(try other.roundTrip("CLIENT", "UNBLOCK", id) == ":0\r\n")
            #expect(try connection.roundTrip("PING") == "+PONG\r\n")
        }
    }

    @Test("a client is killed by its id, and nobody else is", arguments: versions, threads)
    func killed(version: String, threads: String) throws {
        let redis = try redis(threads)
        let clients = try (0..<6).map { _ in try client(redis, version) }
        let other = try redis.connection()
        for (index, (connection, id)) in clients.enumerated() {
            #expect(try other.roundTrip("CLIENT", "KILL", "ID", id) == ":1\r\n")
            #expect(try connection.receiveToEnd().bytes.isEmpty)
            try eventually("it is gone") { try other.roundTrip("CLIENT", "KILL", "ID", id) == ":0\r\n" }
            #expect(
                try other.roundTrip("CLIENT", "TRACKING", "ON", "REDIRECT", id)
                    == "-ERR The client ID you want redirect to does not exist\r\n")
            for (rest, _) in clients[(index + 1)...] { #expect(try rest.roundTrip("PING") == "+PONG\r\n") }
        }
    }

    @Test("a client's own id works for itself", arguments: versions)
    func itself(version: String) throws {
        let redis = try redis("1")
        let (connection, id) = try client(redis, version)
        #expect(try connection.roundTrip("CLIENT", "UNBLOCK", id) == ":0\r\n")
        #expect(try connection.roundTrip("CLIENT", "KILL", "ID", id) == ":0\r\n", "SKIPME is the default")
        #expect(try connection.roundTrip("CLIENT", "LIST", "ID", id).contains("id=\(id) "))
        #expect(try connection.roundTrip("CLIENT", "LIST").contains("id=\(id) "))
        #expect(try connection.roundTrip("CLIENT", "INFO").contains("id=\(id) "))
        #expect(try connection.roundTrip("CLIENT", "KILL", "ID", id, "SKIPME", "no") == ":1\r\n")
        #expect(try connection.receiveToEnd().bytes.isEmpty)
    }

    @Test("what CLIENT ID says inside a transaction works, too, for as long as the client lives")
    func inTransaction() throws {
        let redis = try redis("1")
        let connection = try redis.connection()
        #expect(try connection.roundTrip("MULTI") == "+OK\r\n")
        #expect(try connection.roundTrip("CLIENT", "ID") == "+QUEUED\r\n")
        let id = String(try connection.roundTrip("EXEC").dropFirst(2).filter(\.isNumber))
        #expect(try connection.roundTrip("RESET") == "+RESET\r\n")
        #expect(try connection.roundTrip("INCR", "n") == ":1\r\n")
        let other = try redis.connection()
        #expect(try other.roundTrip("INCR", "n") == ":2\r\n")
        #expect(try other.roundTrip("CLIENT", "KILL", "ID", id) == ":1\r\n")
        #expect(try connection.receiveToEnd().bytes.isEmpty)
        #expect(try other.roundTrip("INCR", "n") == ":3\r\n")
    }

    @Test("commands that are outstanding when their client is named are answered, in order")
    func underLoad() throws {
        let redis = try redis("2")
        try inParallel(8) { _ in
            let (connection, id) = try client(redis, "3")
            let other = try redis.connection()
            for _ in 0..<20 {
                try connection.send("SET own x\r\nGETRANGE own 0 -1\r\nECHO a\r\n")
                guard try other.roundTrip("CLIENT", "UNBLOCK", id) == ":0\r\n" else {
                    throw TestSupportError("unblocked")
                }
                try connection.send("ECHO b\r\n")
                let replies = try connection.receiveReplies(4)
                guard replies == "+OK\r\n$1\r\nx\r\n$1\r\na\r\n$1\r\nb\r\n" else { throw TestSupportError(replies) }
            }
        }
    }
}
