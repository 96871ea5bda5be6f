import Foundation
import Testing

/// A file of the package, for the tests that hold documents and code together.
enum PackageFile {
    static func read(_ name: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appendingPathComponent(name)
        return try #require(
            try? String(contentsOf: file, encoding: .utf8), "\(name) is missing from the package, or cannot be read")
    }
}
