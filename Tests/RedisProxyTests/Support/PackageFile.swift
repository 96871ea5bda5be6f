import Foundation
import Testing

/// A file of the package, for the tests that hold documents and code together.
enum PackageFile {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func read(_ name: String) throws -> String {
        try #require(
            try? String(contentsOf: root.appendingPathComponent(name), encoding: .utf8),
            "\(name) is missing from the package, or cannot be read")
    }

    static func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(name).path)
    }
}
