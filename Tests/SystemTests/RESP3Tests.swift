import TestSupport
import Testing

@Suite("RESP3 by HELLO 3", .blocking)
struct RESP3Tests {
    @Test("cached values and absence follow the version of the session that asks")
    func cachedReplies() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.cache("k", "old", behind: "new")
        let connection = try redis.connection()
        #expect(try connection.roundTrip("GET", "nosuch") == "$-1\r\n")
        #expect(try connection.roundTrip("HELLO", "3").hasPrefix("%7\r\n"))
        #expect(try connection.roundTrip("GET", "nosuch") == "_\r\n")
        #expect(try connection.roundTrip("GET", "k") == "$3\r\nold\r\n")
        #expect(try connection.roundTrip("HELLO", "2").hasPrefix("*14\r\n"))
        #expect(try connection.roundTrip("GET", "nosuch") == "$-1\r\n")
        #expect(try connection.roundTrip("HELLO", "4") == "-NOPROTO unsupported protocol version\r\n")
        #expect(try connection.roundTrip("GET", "nosuch") == "$-1\r\n", "a refused HELLO changes nothing")
    }

    @Test("HELLO 3 and GET in one write: the version takes effect with its reply")
    func pipelinedHello() throws {
        let redis = try ProxiedRedis.byExpiry()
        let connection = try redis.connection()
        for _ in 0..<2 {
            try connection.send(
                "GET nosuch\r\nHELLO 3\r\nGET nosuch\r\nHELLO 2\r\nGET nosuch\r\nHELLO 9\r\nGET nosuch\r\n")
            #expect(try connection.receiveReply() == Array("$-1\r\n".utf8))
            #expect(try connection.receiveReply().starts(with: Array("%7\r\n".utf8)))
            #expect(try connection.receiveReply() == Array("_\r\n".utf8))
            #expect(try connection.receiveReply().starts(with: Array("*14\r\n".utf8)))
            #expect(try connection.receiveReplies(3) == "$-1\r\n-NOPROTO unsupported protocol version\r\n$-1\r\n")
        }
    }

    @Test(
        "a subscriber is found in CLIENT LIST by SUBSCRIBE, ended by the id that stands there, and has hits once it reads"
    )
    func subscriber() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.cache("k", "old", behind: "new")
        let listener = try redis.connection()
        _ = try listener.roundTrip("HELLO", "3")
        #expect(try listener.roundTrip("SUBSCRIBE", "a").hasPrefix(">3\r\n"))
        let other = try redis.connection()
        #expect(try other.roundTrip("INCR", "n") == ":1\r\n")
        let list = try other.roundTrip("CLIENT", "LIST", "TYPE", "pubsub")
        let identifier = try #require(list.firstMatch(of: #/id=([0-9]+) [^\n]* cmd=subscribe /#)?.1, "\(list)")
        try eventually("what it reads comes from the cache") { try listener.roundTrip("GET", "k") == "$3\r\nold\r\n" }
        #expect(try other.roundTrip("CLIENT", "KILL", "ID", String(identifier)) == ":1\r\n")
        #expect(try listener.receiveToEnd().bytes.isEmpty)
    }

    @Test("every RESP3 type of a relayed reply comes through unchanged")
    func relayedTypes() throws {
        let redis = try ProxiedRedis.byExpiry()
        let model = try RedisServer()
        let kinds = [
            "string", "integer", "double", "null", "array", "set", "map", "attrib", "push", "verbatim", "true",
        ]
        let exchanges =
            [Exchange.commands("HSET h a 1", "HGETALL h", "SADD s x", "SMEMBERS s", "ZADD z 1.5 m", "ZSCORE z m")]
            + kinds.map { .commands("DEBUG PROTOCOL \($0)") } + [.commands("DEBUG PROTOCOL bignum", "GET nosuch")]
        let connection = try redis.connection()
        let straight = try RawConnection(port: model.port)
        for one in [connection, straight] { _ = try one.roundTrip("HELLO", "3") }
        #expect(try transcript(of: exchanges, on: connection) == transcript(of: exchanges, on: straight))
    }
}
