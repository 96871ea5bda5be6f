import Foundation
import TestSupport
import Testing

@Suite("authentication with a value already cached", .blocking)
struct AuthenticationTests {
    private static let noAuth = "-NOAUTH Authentication required.\r\n"

    /// A server with a password and two more users, and `k` cached as "old" while the server says "new".
    private func protected(_ environment: [String: String] = [:]) throws -> ProxiedRedis {
        let redis = try ProxiedRedis.byExpiry(
            ["REDIS_PASSWORD": "secret"].merging(environment) { _, given in given }, password: "secret",
            users: ["writer on >w ~other* +@all", "reader on >r ~* +@all"])
        try redis.awaitCommandTable(password: "secret")
        try redis.setBehind("k", "old")
        let client = try redis.client()
        try client.command("AUTH", "secret")
        let first = try client.command("GET", "k")
        try redis.setBehind("k", "new")
        let second = try client.command("GET", "k")
        guard first == .text("old"), second == .text("old") else {
            throw TestSupportError("not cached: \(first), \(second)")
        }
        return redis
    }

    @Test(
        "a password of the proxy's own that is wrong or missing is told in the log, with the options that mend it",
        arguments: [["REDIS_PASSWORD": "wrong"], [:]])
    func ownPassword(environment: [String: String]) throws {
        let server = try RedisServer(password: "secret")
        let proxy = try ProxyProcess(fronting: server, environment: environment)
        try eventually("the log names it") {
            proxy.log.split(separator: "\n").contains { line in
                line.contains(" warning ") && line.contains("REDIS_PASSWORD_FILE")
                    && line.contains(environment.isEmpty ? "NOAUTH" : "WRONGPASS")
            }
        }
    }

    @Test("without AUTH the cached value is not told; after the right one it is a hit")
    func notLoggedIn() throws {
        let redis = try self.protected()
        let connection = try redis.connection()
        #expect(try connection.roundTrip("GET", "k") == Self.noAuth)
        #expect(try connection.roundTrip("AUTH", "wrong").hasPrefix("-WRONGPASS"))
        #expect(try connection.roundTrip("GET", "k") == Self.noAuth)
        #expect(try connection.roundTrip("AUTH", "default", "secret") == "+OK\r\n")
        #expect(try connection.roundTrip("GET", "k") == "$3\r\nold\r\n")
        #expect(try connection.roundTrip("AUTH", "wrong").hasPrefix("-WRONGPASS"), "a failed AUTH logs nobody out")
        #expect(try connection.roundTrip("GET", "k") == "$3\r\nold\r\n")
        #expect(try connection.roundTrip("RESET") == "+RESET\r\n")
        #expect(try connection.roundTrip("GET", "k") == Self.noAuth)
    }

    @Test(
        "AUTH and GET in one write: it takes effect with its reply",
        .enabled(
            if: !ServerProgram.current.swallowsFailedLogins,
            "from 7.2 on Redis does not answer an AUTH that fails behind a reply that is not out"))
    func pipelined() throws {
        let redis = try self.protected()
        let connection = try redis.connection()
        try connection.send("GET k\r\nAUTH wrong\r\nGET k\r\nAUTH secret\r\nGET k\r\n")
        #expect(try connection.receiveReply() == Array(Self.noAuth.utf8))
        #expect(try connection.receiveReply().starts(with: Array("-WRONGPASS".utf8)))
        #expect(try connection.receiveReply() == Array(Self.noAuth.utf8))
        #expect(try connection.receiveReply() == Array("+OK\r\n".utf8))
        let value = String(decoding: try connection.receiveReply(), as: UTF8.self)
        #expect(value == "$3\r\nold\r\n" || value == "$3\r\nnew\r\n")
    }

    @Test("HELLO 3 AUTH logs in as well")
    func helloAuth() throws {
        let redis = try self.protected()
        let connection = try redis.connection()
        #expect(try connection.roundTrip("HELLO", "3").hasPrefix("-NOAUTH"))
        #expect(try connection.roundTrip("HELLO", "3", "AUTH", "default", "wrong").hasPrefix("-WRONGPASS"))
        #expect(try connection.roundTrip("GET", "k") == Self.noAuth)
        #expect(try connection.roundTrip("HELLO", "3", "AUTH", "default", "secret").hasPrefix("%7\r\n"))
        #expect(try connection.roundTrip("GET", "k") == "$3\r\nold\r\n")
        #expect(try connection.roundTrip("GET", "nosuch") == "_\r\n")
    }

    @Test("another user gets what the server tells that user, never what was cached for ours")
    func otherUsers() throws {
        let redis = try self.protected()
        let writer = try redis.connection()
        #expect(try writer.roundTrip("AUTH", "writer", "w") == "+OK\r\n")
        #expect(try writer.roundTrip("GET", "k").hasPrefix("-NOPERM"))
        #expect(try writer.roundTrip("SET", "elsewhere", "x").hasPrefix("-NOPERM"))
        let reader = try redis.connection()
        #expect(try reader.roundTrip("AUTH", "reader", "r") == "+OK\r\n")
        #expect(try reader.roundTrip("GET", "k") == "$3\r\nnew\r\n")
        #expect(try reader.roundTrip("AUTH", "secret") == "+OK\r\n")
        #expect(try reader.roundTrip("GET", "k") == "$3\r\nold\r\n", "ours again")
        #expect(try reader.roundTrip("AUTH", "writer", "w") == "+OK\r\n")
        #expect(try reader.roundTrip("GET", "k").hasPrefix("-NOPERM"), "and not any more")
    }

    @Test("HTTP needs the same credentials, by Basic")
    func http() throws {
        let redis = try self.protected()
        let without = try redis.http.get("/k")
        #expect(without.status == 401)
        #expect(without["www-authenticate"]?.hasPrefix("Basic") == true)
        #expect(try redis.http.get("/k", user: "default:wrong").status == 401)
        let right = try redis.http.get("/k", user: "default:secret")
        #expect(right.status == 200)
        #expect(right["x-cache"] == "HIT")
        #expect(right.text == #"{"key":"k","value":"old"}"#)
        let other = try redis.http.get("/k", user: "writer:w")
        #expect([401, 403].contains(other.status))
        for response in [without, other] { #expect(!response.text.contains("old")) }
        #expect(try redis.http.get("/k", headers: ["Authorization: Basic !!!"]).status / 100 == 4)
        #expect(try redis.http.get("/k", headers: ["Authorization: Bearer secret"]).status == 401)
        #expect(try redis.http.get("/k").status == 401, "still")
    }

    @Test("CLIENT_AUTH=trust lets everybody in as the proxy's own user")
    func trust() throws {
        let server = try RedisServer(password: "secret")
        let proxy = try ProxyProcess(
            fronting: server,
            environment: ["REDIS_PASSWORD": "secret", "CLIENT_AUTH": "trust", "CACHE_COHERENCE": "expiry"])
        let client = try proxy.client()
        #expect(try client.command("SET", "k", "v") == .status("OK"))
        #expect(try client.command("GET", "k") == .text("v"))
        #expect(try proxy.http.get("/k")["x-cache"] == "HIT")
        #expect(try client.command("RESET") == .status("RESET"))
        #expect(try client.command("INCR", "n") == .integer(1))
    }

    @Test("REDIS_USERNAME names the user whose values are cached, REDIS_PASSWORD_FILE holds the password")
    func namedUser() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("password", "r\n")
        let server = try RedisServer(password: "secret", users: ["reader on >r ~* +@all"])
        let proxy = try ProxyProcess(
            fronting: server,
            environment: ["REDIS_USERNAME": "reader", "REDIS_PASSWORD_FILE": file, "CACHE_COHERENCE": "expiry"])
        try server.command("SET", "k", "old")
        let connection = try proxy.connection()
        #expect(try connection.roundTrip("AUTH", "reader", "r") == "+OK\r\n")
        #expect(try connection.roundTrip("GET", "k") == "$3\r\nold\r\n")
        try server.command("SET", "k", "new")
        #expect(try connection.roundTrip("GET", "k") == "$3\r\nold\r\n")
        #expect(try connection.roundTrip("AUTH", "secret") == "+OK\r\n")
        #expect(try connection.roundTrip("GET", "k") == "$3\r\nnew\r\n", "the default user is another one here")
        #expect(try proxy.http.get("/k", user: "reader:r").status == 200)
        #expect(try proxy.http.get("/k", user: "reader:r")["x-cache"] == "HIT")
    }

    @Test(
        "names and passwords are bytes: over HTTP, and the proxy's own in a file",
        arguments: [[0xe9], [0xff, 0xfe, 0x00, 0x78], Array("caf\u{e9}".utf8), Array("p:w:d".utf8), [0x0d, 0x0a]]
            as [[UInt8]])
    func bytes(password: [UInt8]) throws {
        let server = try RedisServer(password: "first")
        let admin = try server.client()
        try admin.command("SET", "k", "v")
        let rule = Array(">".utf8) + password
        try admin.command([Array("ACL".utf8), Array("SETUSER".utf8), Array("default".utf8), rule])
        let other: [UInt8] = [0xe9, 0x75]
        try admin.command(
            ["ACL", "SETUSER"].map { Array($0.utf8) } + [other, rule] + ["on", "~*", "+@all"].map { Array($0.utf8) })
        let folder = try TemporaryFolder()
        let file = try folder.write("password", Data(password + [0x0a]))
        let proxy = try ProxyProcess(fronting: server, environment: ["REDIS_PASSWORD_FILE": file])
        func status(_ name: [UInt8], _ password: [UInt8]) throws -> Int {
            let credentials = Data(name + [0x3a] + password).base64EncodedString()
            return try proxy.http.get("/k", headers: ["Authorization: Basic \(credentials)"]).status
        }
        #expect(try status([], password) == 200)
        #expect(try status(Array("default".utf8), password) == 200)
        #expect(try status([], password + [0x7a]) == 401)
        #expect(try status(other, password) == 403, "let in, but as another user than the cache's")
        #expect(try status(other, password + [0x7a]) == 401)
        #expect(try status([0xe9], password) == 401)
    }

    @Test("a wrong password of the proxy's own: clear errors, nothing served, and the log names it once")
    func wrongOwnPassword() throws {
        let server = try RedisServer(password: "secret")
        try server.command("SET", "k", "v")
        let proxy = try ProxyProcess(fronting: server, environment: ["REDIS_PASSWORD": "not-it"])
        let client = try proxy.client()
        #expect(try client.command("GET", "k").isError(""))
        #expect(try proxy.http.get("/k", user: "default:not-it").status >= 400)
        #expect(try client.command("AUTH", "secret") == .status("OK"))
        #expect(try client.command("SET", "k2", "v") == .status("OK"), "whoever logs in is relayed as that user")
        #expect(!proxy.log.contains("not-it"))
    }

    @Test(
        "not logged in, a request may not be large",
        .enabled(if: ServerProgram.current.limitsAnonymousClients, .noAnonymousLimits))
    func unauthenticatedLimits() throws {
        let redis = try self.protected()
        let model = try RedisServer(password: "secret")
        for request in ["*11\r\n", "*2\r\n$3\r\nGET\r\n$16385\r\n", "*10\r\n", "*2\r\n$3\r\nGET\r\n$16384\r\n"] {
            let bytes = Array(request.utf8)
            let expected = try answers(to: bytes, on: RawConnection(port: model.port))
            #expect(try answers(to: bytes, on: redis.connection()) == expected)
        }
    }
}
