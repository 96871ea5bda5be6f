import Testing

@testable import RedisProxy

@Suite struct ConfigurationErrorTests {
    @Test(
        "a value that does not parse or is out of range is refused with its variable, the value and what is allowed",
        arguments: [
            ("PROXY_PORT", "http", "a whole number from 0 to 65535"),
            ("PROXY_PORT", "65536", "a whole number from 0 to 65535"),
            ("PROXY_PORT", "-1", "a whole number from 0 to 65535"),
            ("PROXY_PORT", " 1", "a whole number from 0 to 65535"),
            ("PROXY_PORT", "+1", "a whole number from 0 to 65535"),
            ("PROXY_PORT", "1e3", "a whole number from 0 to 65535"),
            ("REDIS_PORT", "0", "a whole number from 1 to 65535"),
            ("HTTP_PORT", "no", "a whole number from 0 to 65535"),
            ("ADMIN_PORT", "no", "a whole number from 0 to 65535, or off"),
            ("REDIS_DB", "-1", "a whole number from 0 to 2147483647"),
            ("REDIS_DB", "99999999999999999999", "a whole number from 0 to 2147483647"),
            ("REDIS_CONNECT_TIMEOUT", "0", "seconds from 0.001 to 3600, fractions allowed"),
            ("REDIS_CONNECT_TIMEOUT", "1s", "seconds from 0.001 to 3600, fractions allowed"),
            ("REDIS_COMMAND_TIMEOUT", "nan", "seconds from 0.001 to 86400, fractions allowed"),
            ("CACHE_EXPIRY_TIME", "-5", "seconds from 0 to 1000000000, fractions allowed"),
            ("CACHE_EXPIRY_TIME", "9999999999999999999", "seconds from 0 to 1000000000, fractions allowed"),
            ("CACHE_CAPACITY", "1.5", "a whole number from 0 to 1000000000"),
            ("CACHE_MEMORY_LIMIT", "1 GiB", "bytes from 1KiB to 16TiB, plain or with a unit (256MiB, 1gb)"),
            ("CACHE_MEMORY_LIMIT", "9999999tb", "bytes from 1KiB to 16TiB, plain or with a unit (256MiB, 1gb)"),
            ("CACHE_MAX_VALUE_SIZE", "1GiB", "bytes from 1 to 512MiB, plain or with a unit (256MiB, 1gb)"),
            ("CACHE_COHERENCE", "strict", "one of auto, tracking, expiry"),
            ("MAX_CLIENTS", "0", "a whole number from 1 to 1000000"),
            ("MAX_CONNECTIONS", "many", "a whole number from 1 to 1000000"),
            ("HTTP_FACADE", "maybe", "on or off (also true, false, yes, no, 1, 0)"),
            ("PROTECTED_MODE", "2", "on or off (also true, false, yes, no, 1, 0)"),
            ("HTTP_ALLOWED_HOSTS", "a,b c", "host names without ports, separated by commas"),
            ("HTTP_ALLOWED_HOSTS", "a,<b>", "host names without ports, separated by commas"),
            ("CLIENT_AUTH", "none", "one of server, trust"),
            ("CLIENT_IDLE_TIMEOUT", "off", "seconds from 0 to 1000000000, fractions allowed"),
            ("SHUTDOWN_TIMEOUT", "1.", "seconds from 0 to 3600, fractions allowed"),
            ("THREADS", "0", "a whole number from 1 to 1024"),
            ("LOG_LEVEL", "verbose", "one of trace, debug, info, notice, warning, error, critical"),
            ("PROXY_HOST", "two words", "a host name or an IP address"),
            ("ADMIN_HOST", "[nonsense]", "a host name or an IP address"),
        ])
    func variable(name: String, value: String, allowed: String) throws {
        #expect(
            refusal(environment: [name: value]) == "\(name): \"\(value)\" is not allowed, expected \(allowed)")
        let flag = try #require(OptionTable.all.first { $0.environment == name }?.flag)
        #expect(
            refusal(flags: ["\(flag)=\(value)"]) == "\(flag): \"\(value)\" is not allowed, expected \(allowed)")
    }

    @Test(
        "Sentinels in the place of a server: what contradicts that, or is missing, is named",
        arguments: [
            (
                ["REDIS_SENTINELS": "s"],
                "REDIS_SENTINELS: needs the name of the primary, expected REDIS_SENTINEL_MASTER beside it"
            ),
            (
                ["REDIS_URL": "redis+sentinel://s"],
                "REDIS_URL: needs the name of the primary, expected REDIS_SENTINEL_MASTER beside it"
            ),
            (
                ["REDIS_SENTINELS": "s", "REDIS_SENTINEL_MASTER": "m", "REDIS_HOST": "h"],
                "REDIS_SENTINELS and REDIS_HOST are given together, expected only one of them: Sentinels say where the server is"
            ),
            (
                ["REDIS_URL": "redis+sentinel://s/m", "REDIS_HOST": "h"],
                "REDIS_URL and REDIS_HOST are given together, expected only one of them: Sentinels say where the server is"
            ),
            (
                ["REDIS_SENTINELS": "s", "REDIS_SENTINEL_MASTER": "m", "REDIS_PORT": "1"],
                "REDIS_SENTINELS and REDIS_PORT are given together, expected only one of them: Sentinels say where the server is"
            ),
            (
                ["REDIS_SENTINELS": "s", "REDIS_SENTINEL_MASTER": "m", "REDIS_URL": "redis://h"],
                "REDIS_SENTINELS and REDIS_URL, which names a server, are given together, expected only one of them, or redis+sentinel:// in the URL"
            ),
            (
                ["REDIS_SENTINEL_MASTER": "m"],
                "REDIS_SENTINEL_MASTER: given without Sentinels, expected REDIS_SENTINELS beside it"
            ),
            (
                ["REDIS_ADDRESS_MAP": "a:1=b:2"],
                "REDIS_ADDRESS_MAP: given without Sentinels, expected REDIS_SENTINELS beside it"
            ),
            (
                ["REDIS_SENTINELS": "s", "REDIS_SENTINEL_MASTER": "m", "REDIS_SENTINEL_USERNAME": "u"],
                "REDIS_SENTINEL_USERNAME: needs a password, expected REDIS_SENTINEL_PASSWORD or REDIS_SENTINEL_PASSWORD_FILE beside it"
            ),
            (
                ["REDIS_URL": "redis+sentinel://s/m", "REDIS_SENTINELS": "t"],
                "REDIS_URL and REDIS_SENTINELS contradict each other, expected one of them, or the same in both"
            ),
            (
                ["REDIS_SENTINELS": "s:0"],
                #"REDIS_SENTINELS: "s:0" is not allowed, expected hosts with their ports (host:26379, [::1]:26379), separated by commas;"#
                    + #" without a port it is 26379 ("s:0" has no port from 1 to 65535)"#
            ),
            (
                ["REDIS_SENTINELS": "s", "REDIS_SENTINEL_MASTER": "m", "REDIS_ADDRESS_MAP": "a:1"],
                #"REDIS_ADDRESS_MAP: "a:1" is not allowed, expected announced addresses and actual ones (10.0.0.1:6379=127.0.0.1:7001),"#
                    + #" separated by commas ("a:1" is not two addresses with a = between them)"#
            ),
        ] as [([String: String], String)])
    func sentinels(environment: [String: String], error: String) {
        #expect(refusal(environment: environment) == error)
    }

    @Test("REDIS_PORT as Kubernetes injects it says nothing of a server that Sentinels keep")
    func sentinelsInKubernetes() throws {
        let settings = try Settings(environment: [
            "REDIS_PORT": "tcp://10.0.0.1:6379", "REDIS_SENTINELS": "s", "REDIS_SENTINEL_MASTER": "m",
        ])
        #expect(settings.backing.sentinel?.name == "m")
    }

    @Test("what Kubernetes injects for a service is recognised and the way out named")
    func kubernetes() {
        #expect(
            refusal(environment: ["REDIS_PORT": "tcp://10.0.0.1:6379"])
                == "REDIS_PORT: \"tcp://10.0.0.1:6379\" is not allowed, expected a whole number from 1 to 65535"
                + " (Kubernetes injects this for a service named `redis`: set REDIS_PORT in the container's env,"
                + " or enableServiceLinks: false in the pod)")
    }

    @Test(
        "a network that is none is named among the others, with what is wrong with it",
        arguments: [
            ("10.0.0.0/8, nosuch", "\"nosuch\" does not begin with an IP address"),
            ("10.0.0.0/8,", "\"\" does not begin with an IP address"),
            ("fd00::/8,::1/129", "in \"::1/129\" what follows the slash is no number from 0 to 128"),
            ("10.0.0.1/8", "\"10.0.0.1/8\" is not the first address of its network, 10.0.0.0/8"),
        ])
    func networks(value: String, hint: String) {
        #expect(
            refusal(environment: ["PROXY_PROTOCOL_FROM": value])
                == "PROXY_PROTOCOL_FROM: \"\(value)\" is not allowed, expected IP addresses or networks in CIDR form"
                + " (10.0.0.0/8, fd00::/8), separated by commas (\(hint))")
    }

    @Test("a port or a URL where a host is expected gets a line that says so")
    func hostWithMore() {
        #expect(
            refusal(environment: ["PROXY_HOST": "localhost:8000"])
                == "PROXY_HOST: \"localhost:8000\" is not allowed, expected a host name or an IP address"
                + " (give the host alone; the port has an option of its own)")
        #expect(
            refusal(flags: ["--redis-host=redis://cache"])
                == "--redis-host: \"redis://cache\" is not allowed, expected a host name, an IP address,"
                + " or the path of a Unix socket (/path or unix:/path) (give the host alone, not a URL)")
    }

    @Test(
        "a flag that does not exist, lacks its value or comes twice is refused",
        arguments: [
            (["--proxy-prot", "1"], "\"--proxy-prot\": there is no such flag, did you mean --proxy-port?"),
            (["--healht"], "\"--healht\": there is no such flag, did you mean --health?"),
            (["--frobnicate=1"], "\"--frobnicate\": there is no such flag, see --help"),
            (["-p", "1"], "\"-p\": there is no such flag, see --help"),
            (["--"], "\"--\": there is no such flag, see --help"),
            (
                ["--proxy-port"],
                "--proxy-port: lacks its value, expected a whole number from 0 to 65535; one that begins with -- as"
                    + " --proxy-port=--…"
            ),
            (
                ["--redis-username", "--redis-db", "1"],
                "--redis-username: lacks its value, expected any text; one that begins with -- as --redis-username=--…"
            ),
            (
                ["--log-level="],
                "--log-level: lacks its value, expected one of trace, debug, info, notice, warning, error, critical;"
                    + " one that begins with -- as --log-level=--…"
            ),
            (["--threads=1", "--threads=2"], "--threads: given more than once, expected once"),
            (["start"], "\"start\": is not a flag, expected only flags and their values, see --help"),
            (["--threads=1", "2"], "\"2\": is not a flag, expected only flags and their values, see --help"),
        ])
    func flags(arguments: [String], line: String) {
        #expect(refusal(flags: arguments) == line)
    }

    @Test("a wrong configuration ends the program with code 64 and one line, whatever the value holds")
    func oneLine() async {
        let result = await CommandResult.of(environment: [
            "LOG_LEVEL": "a\nb\u{1b}[31m" + String(repeating: "x", count: 500)
        ])
        #expect(result.code == 64)
        #expect(result.output == "")
        #expect(result.errorOutput.hasPrefix("redis-proxy: LOG_LEVEL: \"a\\nb\\u{1B}[31mxxx"))
        #expect(result.errorOutput.filter { $0 == "\n" }.count == 1)
        #expect(result.errorOutput.hasSuffix("\n"))
        #expect(result.errorOutput.count < 300)
    }
}
