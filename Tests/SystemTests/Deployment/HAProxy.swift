import Foundation
import TestSupport

/// HAProxy with a configuration, as one process in the foreground.
struct HAProxy {
    let process: ChildProcess
    private let folder: TemporaryFolder

    /// - Parameter port: one that it listens on.
    init(_ configuration: String, accepting port: Int) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("haproxy.cfg", configuration)
        var environment = ProcessInfo.processInfo.environment
        // Debian has it where only root looks for programs.
        environment["PATH"] = (environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
        let process = try ChildProcess("haproxy", ["-db", "-f", path], environment: environment)
        try eventually(within: .seconds(30), "HAProxy accepts") {
            guard process.isRunning else { throw TestSupportError("haproxy ended: \(process.errors)") }
            return (try? RawConnection(port: port)) != nil
        }
        self.process = process
        self.folder = folder
    }
}
