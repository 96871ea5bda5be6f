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
}
