import Foundation
import TestSupport
import Testing

@Suite("deploy/redis-proxy.service, read by systemd", .blocking)
struct SystemdUnitTests {
    @Test(
        "systemd-analyze verify finds nothing to say, also of what stands there as a comment", arguments: [false, true])
    func verified(withComments: Bool) throws {
        var file = try DeployedFile("redis-proxy.service")
        // The program that is run must be there.
        try file.replace("ExecStart=/usr/local/bin/redis-proxy", with: "ExecStart=/bin/true")
        let folder = try TemporaryFolder()
        // What may be taken in has no blank behind its mark.
        let text = withComments ? file.text.replacing(#/\n#(?=[A-Z])/#, with: "\n") : file.text
        #expect(text.contains("\nSupplementaryGroups=") == withComments)
        let result = try run("systemd-analyze", ["verify", "--man=no", folder.write("redis-proxy.service", text)])
        #expect(result.ending == .exited(0), "\(result.errors)")
        #expect(result.errors.isEmpty && result.output.isEmpty, "\(result.errors)\(result.output)")
    }
}
