import Foundation
import TestSupport
import Testing

/// The Python that has redis-py, and the scripts for it.
enum Python {
    static func program() throws -> String {
        try #require(
            ProcessInfo.processInfo.environment["REDIS_PY_PYTHON"],
            "REDIS_PY_PYTHON must name a Python with redis 8: `make test` sets it")
    }

    /// The words that run a script in `Tests/Python` against a port, and the environment in which it speaks what is spoken there.
    static func command(
        _ name: String, port: Int, _ more: String...
    ) throws -> (program: String, arguments: [String], environment: [String: String]) {
        var environment = ProcessInfo.processInfo.environment
        environment["TARGET_CA_FILE"] = try TLSRun.authority(port: port)
        return (try self.program(), [self.script(name), "\(port)"] + more, environment)
    }

    /// The path of a script in `Tests/Python`.
    static func script(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Python/\(name)").path
    }
}
