import BackingClient
import TestSupport
import Testing

@testable import RedisProxy

@Suite("a backing by its URL")
struct BackingURLTests {
    /// Host and port, user, password, database, TLS.
    private static func shown(_ settings: Settings) -> String {
        let parts = [
            settings.backing.address.description, settings.backing.username ?? "-",
            settings.backing.password.map { String(decoding: $0.reveal(), as: UTF8.self) } ?? "-",
            "\(settings.backing.database)", settings.backing.tls == nil ? "plain" : "TLS",
        ]
        return parts.joined(separator: " ")
    }

    @Test(
        "its parts are what redis-cli -u and redis-py take them for",
        arguments: [
            ("redis://", "localhost:6379 - - 0 plain"),
            ("redis://h", "h:6379 - - 0 plain"),
            ("REDIS://h/", "h:6379 - - 0 plain"),
            ("redis://h:7000/3", "h:7000 - - 3 plain"),
            ("redis://:secret@h", "h:6379 - secret 0 plain"),
            ("redis://me:secret@h:1", "h:1 me secret 0 plain"),
            ("redis://me:p%40ss%3A%2F%25%C3%A9@h", "h:6379 me p@ss:/%é 0 plain"),
            ("redis://m%3Ae:a:b@h", "h:6379 m:e a:b 0 plain"),
            ("redis://:@h", "h:6379 - - 0 plain"),
            ("redis://@h", "h:6379 - - 0 plain"),
            ("redis://[::1]:7000/1", "[::1]:7000 - - 1 plain"),
            ("redis://[fe80::1%25eth0]", "[fe80::1%eth0]:6379 - - 0 plain"),
            ("redis://h?db=4", "h:6379 - - 4 plain"),
            ("rediss://h:7000", "h:7000 - - 0 TLS"),
            ("redis+sentinel://a,b:1,[::1]:2/m", "m (by Sentinel) - - 0 plain"),
            ("rediss+sentinel://me:secret@a/my%2Fm/3", "my/m (by Sentinel) me secret 3 TLS"),
            ("redis+sentinel://a/m?db=4", "m (by Sentinel) - - 4 plain"),
            ("unix:///run/redis.sock", "/run/redis.sock - - 0 plain"),
            ("unix://me:secret@/run/redis.sock?db=5", "/run/redis.sock me secret 5 plain"),
        ])
    func parts(url: String, parts: String) throws {
        #expect(try Self.shown(Settings(environment: ["REDIS_URL": url])) == parts)
        #expect(try Self.shown(Settings(flags: ["--redis-url=\(url)"])) == parts)
    }

    @Test(
        "what cannot be read, or is read in two ways, is refused, and nothing of it is shown",
        arguments: [
            "h", "http://h", "redis:h", "redis://secret@h", "redis://:secret@h@h", "redis://:sec#ret@h",
            "redis://:sec ret@h",
            "redis://h:0", "redis://h:secret", "redis://h:1:2", "redis://::1", "redis://h/secret", "redis://h/1/2",
            "redis://h/-1", "redis://h?ssl_cert_reqs=none", "redis://h/1?db=2", "redis://:secret%4@h",
            "redis://%FF:secret@h",
            "redis://[::1", "redis://[secret]", "unix://secret/run/s", "unix://", "rediss+secret://h",
            "redis://:pa/secret@h", "redis+sentinel://:secret@a:b/m", "redis+sentinel://a/m/secret",
            "redis+sentinel://a,/m", "redis+sentinel://a/m/1/2", "redis+sentinel://a/m%20secret",
        ])
    func refused(url: String) throws {
        do {
            _ = try Settings(environment: ["REDIS_URL": url])
            Issue.record("\(url) was taken")
        } catch let error as ConfigurationError {
            #expect(error.description.hasPrefix("REDIS_URL: the URL "))
            #expect(!error.description.contains("secret"))
        }
    }

    @Test(
        "a part that is given beside it must say the same; what it leaves out comes from there",
        arguments: [
            ("redis://h:1/2", ["REDIS_HOST": "h", "REDIS_PORT": "1", "REDIS_DB": "2"], "h:1 - - 2 plain"),
            ("redis://h", ["REDIS_PORT": "1", "REDIS_DB": "2", "REDIS_PASSWORD": "p"], "h:1 - p 2 plain"),
            ("redis://h", ["REDIS_TLS": "on"], "h:6379 - - 0 TLS"),
            ("rediss://h", ["REDIS_TLS": "on"], "h:6379 - - 0 TLS"),
            ("redis://h", ["REDIS_PORT": "tcp://10.0.0.1:6379"], "h:6379 - - 0 plain"),
            ("redis:///3", ["REDIS_HOST": "other"], "other:6379 - - 3 plain"),
        ] as [(String, [String: String], String)])
    func beside(url: String, others: [String: String], parts: String) throws {
        let environment = others.merging(["REDIS_URL": url]) { $1 }
        #expect(try Self.shown(Settings(environment: environment)) == parts)
    }

    @Test(
        "a part that says something else is an error that names both, and shows neither",
        arguments: [
            ["REDIS_HOST": "other"], ["REDIS_PORT": "6379"], ["REDIS_DB": "0"], ["REDIS_USERNAME": "other"],
            ["REDIS_PASSWORD": "other"], ["REDIS_TLS": "off"],
        ])
    func contradiction(part: [String: String]) throws {
        let name = try #require(part.keys.first)
        let environment = part.merging(["REDIS_URL": "rediss://me:secret@h:1/2"]) { $1 }
        do {
            _ = try Settings(environment: environment)
            Issue.record("\(part) was taken")
        } catch let error as ConfigurationError {
            #expect(error.description.hasPrefix("REDIS_URL and \(name) contradict each other"))
            #expect(!error.description.contains("secret") && !error.description.contains("\"other"))
        }
    }

    @Test("of a URL and parts that are flags and variables the flags win, whole")
    func sources() throws {
        let parts = ["REDIS_HOST": "other", "REDIS_DB": "9", "REDIS_PASSWORD": "p", "REDIS_TLS": "on"]
        #expect(
            try Self.shown(Settings(flags: ["--redis-url=redis://h/1"], environment: parts)) == "h:6379 - - 1 plain")
        let url = ["REDIS_URL": "rediss://me:secret@h:1/2"]
        #expect(try Self.shown(Settings(flags: ["--redis-host=mine"], environment: url)) == "mine:6379 - - 0 plain")
        #expect(throws: ConfigurationError.self) {
            try Settings(flags: ["--redis-url=redis://h", "--redis-host=other"])
        }
    }

    @Test("a password in it need not be text")
    func bytes() throws {
        let settings = try Settings(environment: ["REDIS_URL": "redis://:%E9%00x@h"])
        #expect(settings.backing.password == Secret([0xE9, 0, 0x78]))
    }

    @Test("a password in it stands neither in help nor in what prints the settings")
    func secret() async throws {
        let settings = try Settings(environment: ["REDIS_URL": "redis://me:secret@h"])
        #expect(!String(reflecting: settings).contains("secret"))
        let help = await CommandResult.of(flags: ["--redis-url=redis://me:secret@h", "--help"])
        #expect(!help.output.contains("secret"))
    }
}
