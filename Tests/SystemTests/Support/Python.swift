import Foundation
import Testing

/// The Python that has redis-py, and the scripts for it.
enum Python {
    static func program() throws -> String {
        try #require(
            ProcessInfo.processInfo.environment["REDIS_PY_PYTHON"],
            "REDIS_PY_PYTHON must name a Python with redis 8: `make test` sets it")
    }

    /// The path of a script in `Tests/Python`.
    static func script(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Python/\(name)").path
    }
}
