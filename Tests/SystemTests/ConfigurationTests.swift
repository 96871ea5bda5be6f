import Foundation
import TestSupport
import Testing

@Suite("the configuration and its errors", .blocking)
struct ConfigurationTests {
    static let refused: [(option: String, value: String)] = [
        ("PROXY_PORT", "abc"), ("PROXY_PORT", "65536"), ("PROXY_PORT", "-1"), ("REDIS_PORT", "80a"),
        ("REDIS_PORT", "0x1"), ("CACHE_EXPIRY_TIME", "-1"), ("CACHE_EXPIRY_TIME", "nan"),
        ("CACHE_EXPIRY_TIME", "5 minutes"), ("CACHE_CAPACITY", "1.5"), ("CACHE_CAPACITY", "-1"),
        ("CACHE_CAPACITY", "99999999999999999999"), ("MAX_CLIENTS", "many"), ("MAX_CLIENTS", "-3"),
        ("MAX_CONNECTIONS", "0"), ("CACHE_COHERENCE", "magic"), ("CACHE_MEMORY_LIMIT", "lots"),
        ("CACHE_MAX_VALUE_SIZE", "-1"), ("HTTP_FACADE", "maybe"), ("HTTP_PORT", "http"), ("ADMIN_PORT", "70000"),
        ("PROTECTED_MODE", "perhaps"), ("CLIENT_AUTH", "nobody"), ("REDIS_DB", "-1"), ("REDIS_DB", "one"),
        ("REDIS_CONNECT_TIMEOUT", "soon"), ("REDIS_COMMAND_TIMEOUT", "-2"), ("CLIENT_IDLE_TIMEOUT", "x"),
        ("SHUTDOWN_TIMEOUT", "never"), ("THREADS", "0"), ("THREADS", "two"), ("LOG_LEVEL", "loud"),
    ]

    @Test("a value that does not parse or is out of range stops start-up with one line", arguments: Self.refused)
    func badValue(option: String, value: String) throws {
        var environment = ["PROXY_PORT": "\(try freePort())", "REDIS_PASSWORD": "hunter2"]
        environment[option] = value
        let byEnvironment = try ProxyProcess.runToEnd(environment: environment)
        environment[option] = option == "PROXY_PORT" ? "\(try freePort())" : nil
        let flag = "--" + option.lowercased().replacingOccurrences(of: "_", with: "-")
        let byFlag = try ProxyProcess.runToEnd(environment: environment, arguments: [flag, value])
        for result in [byEnvironment, byFlag] {
            guard case .exited(let code) = result.ending, code != 0 else {
                Issue.record("ended with \(result.ending)")
                continue
            }
            let lines = result.errors.split(separator: "\n")
            #expect(lines.count == 1, "one line: \(lines)")
            #expect(result.errors.contains(option) || result.errors.contains(flag))
            #expect(result.errors.contains(value))
            #expect(!(result.errors + result.output).contains("hunter2"))
        }
    }

    @Test("what Kubernetes injects for a service named redis gets a line that says so")
    func kubernetes() throws {
        let result = try ProxyProcess.runToEnd(
            environment: ["PROXY_PORT": "\(try freePort())", "REDIS_PORT": "tcp://10.0.0.7:6379"])
        #expect(result.ending != .exited(0))
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.errors.contains("REDIS_PORT") && result.errors.contains("tcp://10.0.0.7:6379"))
        #expect(result.errors.contains("Kubernetes"))
    }

    @Test(
        "a flag that does not exist stops start-up", arguments: ["--no-such-flag", "--no-such-flag=1", "-x", "stray"])
    func unknownFlag(argument: String) throws {
        let result = try ProxyProcess.runToEnd(
            environment: ["PROXY_PORT": "\(try freePort())"], arguments: [argument])
        guard case .exited(let code) = result.ending else { throw TestSupportError("\(result.ending)") }
        #expect(code != 0)
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.errors.contains(argument.split(separator: "=").first ?? ""))
    }

    @Test("a busy port, a host that does not resolve: one clear line and an exit code")
    func cannotListen() throws {
        let server = try RedisServer()
        let port = try freePort()
        let backing = ["REDIS_HOST": "127.0.0.1", "REDIS_PORT": "\(server.port)", "MAX_CONNECTIONS": "100"]
        let busy = try ProxyProcess.runToEnd(
            environment: backing.merging(["PROXY_HOST": "127.0.0.1", "PROXY_PORT": "\(server.port)"]) { $1 })
        let unknown = try ProxyProcess.runToEnd(
            environment: backing.merging(["PROXY_HOST": "no-such-host.invalid", "PROXY_PORT": "\(port)"]) { $1 })
        for (result, word) in [(busy, "\(server.port)"), (unknown, "no-such-host.invalid")] {
            guard case .exited(let code) = result.ending else { throw TestSupportError("\(result.ending)") }
            #expect(code != 0)
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
            #expect(result.errors.contains(word))
        }
    }

    @Test("flags say the same as variables, and an empty variable counts as unset")
    func flagsAndEmptyVariables() throws {
        let server = try RedisServer()
        let proxy = try ProxyProcess(
            environment: [
                "REDIS_HOST": "127.0.0.1", "REDIS_PORT": "", "CACHE_CAPACITY": "", "REDIS_PASSWORD": "",
                "LOG_LEVEL": "", "CACHE_EXPIRY_TIME": "0.5",
            ],
            arguments: ["--redis-port", "\(server.port)", "--cache-expiry-time=0"])
        let client = try proxy.client()
        #expect(try client.command("SET", "k", "v") == .status("OK"))
        #expect(try server.command("GET", "k") == .text("v"))
    }

    @Test("--help names every option of the table, --version a version; neither starts a server")
    func help() throws {
        let help = try ProxyProcess.runToEnd(arguments: ["--help"])
        #expect(help.ending == .exited(0))
        for option in Set(Self.refused.map(\.option)).union(["PROXY_HOST", "REDIS_PASSWORD_FILE", "REDIS_USERNAME"]) {
            #expect(help.output.contains(option), "\(option)")
            #expect(help.output.contains("--" + option.lowercased().replacingOccurrences(of: "_", with: "-")))
        }
        #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 120 }, "a person can read it")
        let version = try ProxyProcess.runToEnd(arguments: ["--version"])
        #expect(version.ending == .exited(0))
        #expect(version.output.contains(/[0-9]+\.[0-9]+/))
    }

    @Test("no log line and no error shows a password, at any level")
    func passwordsAreNotShown() throws {
        let server = try RedisServer(password: "correct-horse")
        let proxy = try ProxyProcess(
            fronting: server, environment: ["REDIS_PASSWORD": "battery-staple", "LOG_LEVEL": "trace"])
        let client = try proxy.client()
        _ = try? client.command("AUTH", "typed-secret")
        _ = try? client.command("GET", "k")
        _ = try? proxy.http.get("/k", user: "default:basic-secret")
        for secret in ["battery-staple", "typed-secret", "basic-secret"] { #expect(!proxy.log.contains(secret)) }
        #expect(!proxy.log.isEmpty)
    }
}
