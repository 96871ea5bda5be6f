import Foundation
import TestSupport
import Testing

/// What `deploy/redis-proxy.service` and `docker-compose.yml` take from the program, as far as that can be had without systemd and Docker.
@Suite("the sandboxes that it is deployed in", .blocking)
struct SandboxTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func file(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    private static func succeeds(_ program: String, _ arguments: String...) -> Bool {
        (try? run(program, arguments))?.ending == .exited(0)
    }

    static let hasNamespaces = succeeds("bwrap", "--ro-bind", "/", "/", "--unshare-user", "true")
    static let hasSystemd = succeeds("systemd-analyze", "--version")

    private static let common = [
        "bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--cap-drop", "ALL", "--unshare-user",
        "--unshare-ipc", "--unshare-uts", "--unshare-pid", "--as-pid-1", "--new-session", "--die-with-parent",
    ]

    /// A read-only file system, another user, no capability, no way to a new one (which `bwrap` sees to by itself).
    static let container = common + ["--uid", "10001", "--gid", "10001"]
    /// The same, and nothing of anybody's: no homes, a `/tmp` of its own.
    static let service =
        common + ["--uid", "61184", "--gid", "61184", "--tmpfs", "/home", "--tmpfs", "/root", "--tmpfs", "/tmp"]

    @Test(
        "it serves clients where it may read little and write nothing",
        .enabled(if: hasNamespaces, "bwrap is missing, or may not make namespaces"),
        arguments: ["container", "service"])
    func serves(sandbox: String) throws {
        let server = try RedisServer()
        let folder = try ProxyProcess.programFolder()
        var launcher = (sandbox == "container" ? Self.container : Self.service) + ["--ro-bind", folder, folder]
        if let certificates = try TLSRun.folder { launcher += ["--ro-bind", certificates, certificates] }
        let admin = try freePort()
        let proxy = try ProxyProcess(
            fronting: server, environment: ["ADMIN_PORT": "\(admin)", "REDIS_HOST": "localhost"], under: launcher)
        #expect(try proxy.client().command("SET", "k", "v") == .status("OK"))
        #expect(try proxy.http.get("/k").status == 200)
        try eventually("ready") { try HTTPClient(port: admin).get("/readyz").status == 200 }
        #expect(!proxy.log.contains("warning") && !proxy.log.contains("error"), "\(proxy.log)")
    }

    @Test(
        "a key of TLS that only a group may read is read, where the unit names that group",
        .enabled(if: hasNamespaces && geteuid() == 0, "bwrap may not make namespaces, or nobody can give a group"))
    func keyOfGroup() throws {
        let group: gid_t = 61_185
        let certificates = try TestCertificates()
        let identity = try certificates.identity("listener")
        chown(identity.key, 0, group)
        chmod(identity.key, 0o640)
        chmod(certificates.path("."), 0o755)
        let folders = [try ProxyProcess.programFolder(), certificates.path(".")]
        let server = try RedisServer()
        func proxy(_ groups: String) throws -> ProxyProcess {
            try ProxyProcess(
                environment: ["REDIS_HOST": "127.0.0.1", "REDIS_PORT": "\(server.port)"],
                // Files that variables name are given to the program's user.
                arguments: ["--tls-cert-file=\(identity.certificate)", "--tls-key-file=\(identity.key)"],
                under: ["setpriv", "--reuid", "61184", "--regid", "61184", groups] + Self.service
                    + folders.flatMap { ["--ro-bind", $0, $0] },
                overTLS: false)
        }
        let started = try proxy("--groups=\(group)")
        let answer = try run(
            "redis-cli", ["--tls", "--cacert", certificates.authority, "-p", "\(started.port)", "PING"])
        #expect(answer.output == "PONG\n", "\(answer.errors)")
        #expect {
            _ = try proxy("--clear-groups")
        } throws: {
            "\($0)".contains("--tls-key-file: \(identity.key) cannot be read: Permission denied")
        }
    }

    @Test("the compose file takes from the container what is tried here")
    func compose() throws {
        let proxy = try #require(try Self.file("docker-compose.yml").components(separatedBy: "\n  redis:").first)
        for line in ["read_only: true", "cap_drop: [ALL]", "security_opt: [\"no-new-privileges:true\"]"] {
            #expect(proxy.contains("\n    \(line)\n"), "\(line)")
        }
        #expect(try Self.file("Dockerfile").contains("\nUSER 10001\n"))
    }

    @Test(
        "systemd finds nothing wrong with the unit, and little that it could still take from it",
        .enabled(if: hasSystemd, "systemd-analyze is missing"))
    func unit() throws {
        let folder = try TemporaryFolder()
        let unit = try Self.file("deploy/redis-proxy.service")
        // It looks whether the program is there.
        let path = try folder.write(
            "redis-proxy.service", unit.replacingOccurrences(of: "/usr/local/bin/redis-proxy", with: "/bin/true"))
        let verified = try run("systemd-analyze", ["verify", path])
        #expect(verified.ending == .exited(0) && verified.errors == "", "\(verified.errors)")
        // Tenths: below 1.5, of 10.
        let rated = try run("systemd-analyze", ["security", "--offline=true", "--threshold=15", "--no-pager", path])
        #expect(rated.ending == .exited(0), "\(rated.output.suffix(200))")
    }
}
