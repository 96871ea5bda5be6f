import TestSupport
import Testing

@Suite("deploy/redis-proxy-sentinel.conf", .blocking, .notOverTLS("SentinelTLSTests are"))
struct SentinelUnitTests {
    @Test("what it sets has the proxy follow a primary, once the names are those of Sentinels that there are")
    func served() throws {
        let group = try SentinelGroup(replicas: 1)
        var file = try DeployedFile("redis-proxy-sentinel.conf")
        let places = group.environment["REDIS_SENTINELS"] ?? ""
        try file.replace("sentinel-1:26379,sentinel-2:26379,sentinel-3:26379", with: places)
        var environment: [String: String] = [:]
        for line in file.text.split(separator: "\n") where line.hasPrefix("Environment=") {
            let parts = line.dropFirst("Environment=".count).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            environment[String(parts[0])] = String(parts[1])
        }
        #expect(environment.keys.sorted() == ["REDIS_HOST", "REDIS_SENTINELS", "REDIS_SENTINEL_MASTER"])
        let proxy = try ProxyProcess(environment: environment, overTLS: false)
        try eventually("it serves") { try proxy.client().command("SET", "k", "v") == .status("OK") }
        #expect(try group.servers[0].command("GET", "k") == .text("v"))
    }

    @Test("systemd-analyze verify finds nothing to say of it beside the unit")
    func verified() throws {
        var unit = try DeployedFile("redis-proxy.service")
        try unit.replace("ExecStart=/usr/local/bin/redis-proxy", with: "ExecStart=/bin/true")
        let folder = try TemporaryFolder()
        let path = try folder.write("redis-proxy.service", unit.text)
        _ = try run("mkdir", [folder.path("redis-proxy.service.d")])
        _ = try folder.write("redis-proxy.service.d/sentinel.conf", DeployedFile("redis-proxy-sentinel.conf").text)
        let result = try run("systemd-analyze", ["verify", "--man=no", path])
        #expect(result.ending == .exited(0), "\(result.errors)")
        #expect(result.errors.isEmpty && result.output.isEmpty, "\(result.errors)\(result.output)")
    }
}
