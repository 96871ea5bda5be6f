import Foundation
import Testing

@testable import RedisProxy

@Suite struct PasswordTests {
    private static let password = "hunter2-never-shown"

    private func withFile<Result>(_ content: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("redis-proxy-\(UUID().uuidString)")
        try Data(content).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try body(file.path)
    }

    @Test(
        "the password file's content counts, less one newline at its end",
        arguments: [("a b", "a b"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a \n", " a "), ("å,=\n", "å,=")])
    func file(content: String, password: String) throws {
        try withFile(Array(content.utf8)) { path in
            let byVariable = try Settings(environment: ["REDIS_PASSWORD_FILE": path])
            let byFlag = try Settings(flags: ["--redis-password-file", path])
            #expect(byVariable.backing.password == Secret(password))
            #expect(byFlag.backing.password == Secret(password))
        }
    }

    @Test("the password of the Sentinels may be in a file, too, and not beside it")
    func sentinels() throws {
        let sentinels = ["REDIS_SENTINELS": "s", "REDIS_SENTINEL_MASTER": "m"]
        try withFile(Array("a b\n".utf8)) { path in
            var environment = sentinels.merging(["REDIS_SENTINEL_PASSWORD_FILE": path]) { $1 }
            let settings = try Settings(environment: environment)
            #expect(settings.backing.sentinel?.password == Secret("a b"))
            #expect(settings.backing.password == nil)
            environment["REDIS_SENTINEL_PASSWORD"] = "secret"
            #expect(
                refusal(environment: environment)
                    == "REDIS_SENTINEL_PASSWORD_FILE: given together with REDIS_SENTINEL_PASSWORD, expected only one of them"
            )
        }
        #expect(
            refusal(environment: sentinels.merging(["REDIS_SENTINEL_PASSWORD_FILE": "/nonexistent"]) { $1 })?
                .hasPrefix("REDIS_SENTINEL_PASSWORD_FILE: \"/nonexistent\" cannot be read") == true)
    }

    @Test("a password file that cannot serve is named")
    func badFile() throws {
        #expect(
            refusal(environment: ["REDIS_PASSWORD_FILE": "/nonexistent/file"])
                == "REDIS_PASSWORD_FILE: \"/nonexistent/file\" cannot be read: No such file or directory,"
                + " expected a file that holds the password")
        #expect(
            refusal(flags: ["--redis-password-file", "/"])
                == "--redis-password-file: \"/\" cannot be read: Is a directory, expected a file that holds the password"
        )
        #expect(refusal(flags: ["--redis-password-file", "/dev/zero"])?.contains("is longer than 65536 bytes") == true)
        try withFile([0x0a]) { path in
            #expect(refusal(environment: ["REDIS_PASSWORD_FILE": path])?.contains("is empty") == true)
        }
    }

    @Test("a password is bytes: a file of some that are not UTF-8 serves as well")
    func bytes() throws {
        try withFile([0xe9, 0xff, 0x00, 0x78, 0x0a]) { path in
            let settings = try Settings(environment: ["REDIS_PASSWORD_FILE": path])
            #expect(settings.backing.password == Secret([0xe9, 0xff, 0x00, 0x78]))
        }
    }

    @Test("a password and a password file together are refused, wherever they come from")
    func both() {
        #expect(
            refusal(flags: ["--redis-password", Self.password], environment: ["REDIS_PASSWORD_FILE": "/x"])
                == "REDIS_PASSWORD_FILE: given together with --redis-password, expected only one of them")
    }

    @Test("a user name without a password is refused")
    func userAlone() {
        #expect(
            refusal(environment: ["REDIS_USERNAME": "reader"])
                == "REDIS_USERNAME: needs a password, expected REDIS_PASSWORD or REDIS_PASSWORD_FILE beside it")
    }

    @Test(
        "nothing that the program prints shows a password",
        arguments: [
            ["--redis-password", password, "--proxy-port", "x"],
            ["--redis-password", password, "--redis-password", password],
            ["--redis-password=\(password)", "--redis-password-file=/x"],
            ["--redis-pasword=\(password)"],
            ["--redis-pasword", password],
            ["--redis-password", "my", password],
            ["--redis-password", "--\(password)"],
            ["--redis-host", "redis://user:\(password)@host:6379"],
            ["--redis-host", "user:\(password)@host"],
            ["--redis-password", password, "--redis-username="],
            ["--redis-password", password, "--help"],
            ["--redis-password", password, "--health"],
        ])
    func neverShown(flags: [String]) async {
        let result = await CommandResult.of(flags: flags)
        #expect(!result.output.isEmpty || !result.errorOutput.isEmpty)
        #expect(!(result.output + result.errorOutput).contains(Self.password))
    }

    @Test("neither printing nor dumping the settings shows the password")
    func dumped() throws {
        let settings = try Settings(environment: ["REDIS_PASSWORD": Self.password])
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!(dumped + "\(settings)" + String(reflecting: settings)).contains(Self.password))
        #expect(settings.backing.password?.reveal() == Array(Self.password.utf8))
    }
}
