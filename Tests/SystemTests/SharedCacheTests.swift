import TestSupport
import Testing

@Suite("both protocols share one cache", .blocking)
struct SharedCacheTests {
    @Test("what RESP read is a hit over HTTP")
    func filledByRESP() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.cache("k", "old", behind: "new")
        let response = try redis.http.get("/k")
        #expect(response["x-cache"] == "HIT")
        #expect(response.text == #"{"key":"k","value":"old"}"#)
        #expect(response["age"].flatMap { Int($0) } != nil)
    }

    @Test("what HTTP read is a hit over RESP2 and RESP3")
    func filledByHTTP() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("k", "old")
        let first = try redis.http.get("/k")
        #expect(first["x-cache"] == "MISS")
        #expect(first.text == #"{"key":"k","value":"old"}"#)
        try redis.setBehind("k", "new")
        #expect(try redis.client().command("GET", "k") == .text("old"))
        let connection = try redis.connection()
        _ = try connection.roundTrip("HELLO", "3")
        #expect(try connection.roundTrip("GET", "k") == "$3\r\nold\r\n")
        #expect(try redis.http.get("/k")["x-cache"] == "HIT")
    }

    @Test("each protocol says in its own way that a key is absent")
    func absence() throws {
        let redis = try ProxiedRedis.byExpiry()
        #expect(try redis.http.get("/k").status == 204)
        let connection = try redis.connection()
        #expect(try connection.roundTrip("GET", "k") == "$-1\r\n")
        _ = try connection.roundTrip("HELLO", "3")
        #expect(try connection.roundTrip("GET", "k") == "_\r\n")
        #expect(try redis.http.get("/k").status == 204)
    }

    @Test("REDIS_DB is the database that is cached and that HTTP reads")
    func database() throws {
        let redis = try ProxiedRedis.byExpiry(["REDIS_DB": "2"])
        let straight = try redis.server.client()
        try straight.command("SET", "k", "in 0")
        try straight.command("SELECT", "2")
        try straight.command("SET", "k", "in 2")
        let client = try redis.client()
        #expect(try client.command("GET", "k") == .text("in 0"), "a RESP session starts in database 0, as in Redis")
        #expect(try client.command("SELECT", "2") == .status("OK"))
        #expect(try redis.http.get("/k").text == #"{"key":"k","value":"in 2"}"#)
        try straight.command("SET", "k", "changed")
        #expect(try client.command("GET", "k") == .text("in 2"), "a hit")
        #expect(try client.command("SET", "k", "mine") == .status("OK"))
        #expect(try redis.http.get("/k").text == #"{"key":"k","value":"mine"}"#)
    }

    @Test("HTTP_PORT gives HTTP a port of its own, over the same cache")
    func ownPort() throws {
        let port = try freePort()
        let redis = try ProxiedRedis.byExpiry(["HTTP_PORT": "\(port)"])
        try redis.cache("k", "old", behind: "new")
        #expect(try HTTPClient(port: port).get("/k")["x-cache"] == "HIT")
    }

    @Test("with HTTP_FACADE=off the port speaks RESP only")
    func facadeOff() throws {
        let redis = try ProxiedRedis.byExpiry(["HTTP_FACADE": "off"])
        let connection = try redis.connection()
        try connection.send("GET /k HTTP/1.1\r\n")
        #expect(
            try connection.receiveReply() == Array("-ERR wrong number of arguments for 'get' command\r\n".utf8))
    }
}
