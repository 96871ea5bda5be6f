import Foundation
import TestSupport
import Testing

@Suite("rights of the process", .blocking)
struct RightsTests {
    @Test("the program that the tests start is not root's and may do nothing that only root may")
    func testsRunUnprivileged() throws {
        let redis = try ProxiedRedis()
        let status = try String(contentsOfFile: "/proc/\(redis.proxy.process.pid)/status", encoding: .utf8)
        func field(_ name: String) -> [Substring] {
            let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") }
            return line?.split(whereSeparator: { $0 == "\t" || $0 == " " }).dropFirst().map { $0 } ?? []
        }
        #expect(field("Uid").count == 4 && !field("Uid").contains("0"))
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] { #expect(field(set) == ["0000000000000000"], "\(set)") }
    }

    /// Root that drops some of its rights, as containers have it; the last is that of the shells of many an image.
    static let launchers: [[String]] = [
        ["--reuid", "1", "--regid", "1", "--clear-groups"],
        ["--bounding-set=-net_admin", "--inh-caps=-net_admin"],
        ["--reuid", "1", "--regid", "1", "--clear-groups", "--bounding-set=-net_admin"],
        ["--no-new-privs"],
    ]

    @Test(
        "clients of both protocols are served, whatever rights the process has",
        .enabled(if: geteuid() == 0, "only root can give rights away"), arguments: launchers)
    func serves(options: [String]) throws {
        let server = try RedisServer()
        let proxy = try ProxyProcess(
            fronting: server, environment: ["ADMIN_PORT": "\(try freePort())"], under: ["setpriv"] + options)
        #expect(try proxy.client().command("SET", "k", "v") == .status("OK"))
        #expect(try proxy.http.get("/k").status == 200)
    }
}
