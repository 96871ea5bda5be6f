import Testing

@testable import RedisProxy

@Suite struct OptionTableTests {
    @Test("names and flags are unique and derived from each other")
    func names() {
        let options = OptionTable.all
        #expect(Set(options.map(\.environment)).count == options.count)
        #expect(OptionTable.proxyPort.flag == "--proxy-port")
        #expect(OptionTable.redisPasswordFile.flag == "--redis-password-file")
    }

    @Test("the table has the options that the proxy promises, by their names")
    func promised() {
        #expect(
            Set(OptionTable.all.map(\.environment)) == [
                "PROXY_HOST", "PROXY_PORT", "REDIS_HOST", "REDIS_PORT", "REDIS_USERNAME", "REDIS_PASSWORD",
                "REDIS_URL", "REDIS_TLS", "REDIS_TLS_CA_FILE", "REDIS_TLS_CERT_FILE", "REDIS_TLS_KEY_FILE",
                "REDIS_TLS_KEY_PASSWORD_FILE", "REDIS_TLS_SERVER_NAME", "REDIS_TLS_VERIFY",
                "REDIS_SENTINELS", "REDIS_SENTINEL_MASTER", "REDIS_SENTINEL_USERNAME", "REDIS_SENTINEL_PASSWORD",
                "REDIS_SENTINEL_PASSWORD_FILE", "REDIS_SENTINEL_TLS", "REDIS_ADDRESS_MAP",
                "TLS_CERT_FILE", "TLS_KEY_FILE", "TLS_KEY_PASSWORD_FILE", "TLS_PLAINTEXT",
                "TLS_CA_FILE", "TLS_AUTH_CLIENTS", "TLS_CLIENT_NAME", "TLS_CLIENT_PASSWORDS_FILE", "TLS_MIN_VERSION",
                "TLS_CIPHERS", "ADMIN_TLS", "PROXY_SOCKET",
                "PROXY_SOCKET_MODE", "PROXY_PROTOCOL_FROM", "TLS_RELOAD_INTERVAL",
                "REDIS_PASSWORD_FILE", "REDIS_DB", "REDIS_CONNECT_TIMEOUT", "REDIS_COMMAND_TIMEOUT",
                "REDIS_TCP_KEEPALIVE", "TCP_KEEPALIVE",
                "CACHE_EXPIRY_TIME", "CACHE_CAPACITY", "CACHE_MEMORY_LIMIT", "CACHE_MAX_VALUE_SIZE",
                "CACHE_REFRESH_AHEAD", "CACHE_STALE_IF_ERROR", "CACHE_COHERENCE",
                "TRACKING_HEARTBEAT", "CACHE_NEGATIVE_EXPIRY_TIME", "CACHE_TRACKING", "CACHE_PREFIXES",
                "MAX_CLIENTS", "MAX_CONNECTIONS", "HTTP_FACADE", "HTTP_PORT", "ADMIN_HOST", "ADMIN_PORT",
                "PROTECTED_MODE", "HTTP_ALLOWED_HOSTS", "CLIENT_AUTH", "CLIENT_IDLE_TIMEOUT", "SHUTDOWN_TIMEOUT",
                "THREADS", "LOG_LEVEL",
            ])
    }

    @Test(
        "a default that help shows is itself an allowed value and means the same",
        arguments: OptionTable.all.map(\.environment))
    func defaults(environment: String) throws {
        let option = try #require(OptionTable.all.first { $0.environment == environment })
        let words = [
            "shares `PROXY_PORT`", "the default user", "none", "all keys", "0 for RESP, 60 for HTTP", "the system's",
            "`REDIS_HOST`", "yes with `TLS_CA_FILE`", "ECDHE with AES-GCM or ChaCha20",
            "as `REDIS_TLS`",
        ]
        guard !words.contains(option.shownDefault) else { return }
        let given = try Settings(environment: [environment: option.shownDefault])
        let defaults = try Settings()
        #expect(String(reflecting: given) == String(reflecting: defaults))
    }

    @Test("what may change while the proxy runs is told apart from what may not")
    func changes() {
        let live = OptionTable.all.filter { $0.changes == .whileRunning }.map(\.environment)
        #expect(
            live == [
                "CACHE_EXPIRY_TIME",
                "CACHE_CAPACITY",
                "CACHE_MEMORY_LIMIT",
                "CACHE_REFRESH_AHEAD",
                "CACHE_STALE_IF_ERROR",
                "CACHE_NEGATIVE_EXPIRY_TIME",
                "CACHE_PREFIXES",
                "MAX_CLIENTS",
                "MAX_CONNECTIONS",
                "PROTECTED_MODE",
                "HTTP_ALLOWED_HOSTS",
                "CLIENT_IDLE_TIMEOUT",
                "TCP_KEEPALIVE",
            ])
    }

    @Test("--help shows every option: flag, variable, default, what is allowed, what it is for")
    func help() async {
        let result = await CommandResult.of(flags: ["--help"])
        #expect(result.code == 0)
        #expect(result.errorOutput == "")
        // Lines are broken between words, which is undone here.
        let words = result.output.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        for option in OptionTable.all {
            let shownDefault = option.shownDefault.filter { $0 != "`" }
            #expect(
                words.contains(
                    "\(option.flag) \(option.placeholder) \(option.environment), default: \(shownDefault)"
                        + " \(option.help) Allowed: \(option.allowed)."),
                "\(option.environment)")
        }
        #expect(await CommandResult.of(flags: ["-h"]) == result)
        #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 105 })
    }

    @Test("docs/configuration.md has the options as they are")
    func documented() async throws {
        let page = try PackageFile.read("docs/configuration.md")
        let start = try #require(page.range(of: "<!-- options -->\n"), "the page has no <!-- options --> mark")
        let end = try #require(page.range(of: "<!-- /options -->"), "the page has no <!-- /options --> mark")
        try #require(start.upperBound <= end.lowerBound)
        let listed = page[start.upperBound..<end.lowerBound].trimmingNewlines
        let expected = await CommandResult.of(flags: ["--print-options-markdown"]).output
        #expect(
            listed == expected.trimmingNewlines,
            "docs/configuration.md is not what the options are now: run `make options`, which writes it anew")
    }

    @Test("the options that the README names have the defaults that it says")
    func readme() throws {
        let row = /\| \[`([A-Z_]+)`\]\(docs\/configuration\.md#([a-z_]+)\) \| ([^|]+) \| [^|]+ \|/
        let rows = try PackageFile.read("README.md").split(separator: "\n").compactMap { $0.wholeMatch(of: row) }
        #expect(rows.count == 10)
        for row in rows {
            let option = try #require(OptionTable.all.first { $0.environment == row.1 }, "\(row.1)")
            #expect(row.2 == row.1.lowercased())
            #expect(row.3 == option.shownDefault, "\(row.1)")
        }
    }

    @Test("docker-compose.yml shows every variable", arguments: OptionTable.all.map(\.environment))
    func compose(environment: String) throws {
        let compose = try PackageFile.read("docker-compose.yml")
        let lines = compose.split(separator: "\n").map { $0.drop { " #-".contains($0) } }
        #expect(
            lines.contains { $0.hasPrefix("\(environment):") || $0.hasPrefix("\(environment)=") },
            "docker-compose.yml does not show \(environment)")
    }

    @Test("--version prints one line with name and number")
    func version() async {
        #expect(await CommandResult.of(flags: ["--version"]) == CommandResult(output: "redis-proxy 0.1.0\n"))
    }

    @Test("a misspelt word finds the closest one, a strange one finds none")
    func closestMatch() {
        #expect(ClosestMatch.distance("kitten", "sitting") == 3)
        #expect(ClosestMatch.distance("", "abc") == 3)
        #expect(ClosestMatch.find("--cache-capcity", in: OptionTable.all.map(\.flag)) == "--cache-capacity")
        #expect(ClosestMatch.find("--something-else", in: OptionTable.all.map(\.flag)) == nil)
    }

    @Test("the program runs with the settings it was given and exits with the code of the run")
    func run() async {
        let result = await CommandResult.of(flags: ["--proxy-port=7"]) { settings in Int32(settings.listening.port) }
        #expect(result == CommandResult(code: 7))
    }
}

extension StringProtocol {
    fileprivate var trimmingNewlines: String {
        String(drop { $0.isNewline }.reversed().drop { $0.isNewline }.reversed())
    }
}
