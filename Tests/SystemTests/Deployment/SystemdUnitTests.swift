import Foundation
import TestSupport
import Testing

@Suite("deploy/redis-proxy.service, read by systemd", .blocking)
struct SystemdUnitTests {
    @Test("systemd-analyze verify finds nothing to say")
    func verified() throws {
        var file = try DeployedFile("redis-proxy.service")
        // The program that is run must be there.
        try file.replace("ExecStart=/usr/local/bin/redis-proxy", with: "ExecStart=/bin/true")
        let folder = try TemporaryFolder()
        let result = try run("systemd-analyze", ["verify", "--man=no", folder.write("redis-proxy.service", file.text)])
        #expect(result.ending == .exited(0), "\(result.errors)")
        #expect(result.errors.isEmpty && result.output.isEmpty, "\(result.errors)\(result.output)")
    }
}
